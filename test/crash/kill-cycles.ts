// Kills a writing process again and again, at random moments of its load, of its recovery and of its close, and checks what is left.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { Random } from '../support/random.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { must } from './ack-journal.js'
import { provenEnd } from './chain-check.js'
import { KillRecord } from './kill-record.js'
import { everything } from './tiny-store.js'
import { Writer } from './writer.js'
import type { WriterOrders } from './writer-reports.js'

/** A store lives through this many kills before the next one begins empty: reading it all at each check stays cheap. */
const KILLS_OF_A_LIFE = 10
/** Mostly small events; now and then some so large that a kill can come in the middle of a write. */
const SIZES = [
  { largest: 2_000, largeShare: 0.1 },
  { largest: 2_000, largeShare: 0.1 },
  { largest: 200_000, largeShare: 0.03 },
  { largest: 900_000, largeShare: 0.03 },
  { largest: 900_000, largeShare: 0.6 },
] as const
const PLANS = ['load', 'load', 'load', 'recovery', 'closing'] as const

export interface Figures {
  cycles: number
  killsInRecovery: number
  killsWhileClosing: number
  cleanStops: number
  checks: number
  acknowledged: number
  recovered: number
  inDoubt: number
  inDoubtStored: number
  retried: number
  tornBytes: number
  tornStarts: number
  readonly restartMs: number[]
}

export class KillCycles {
  readonly figures: Figures = {
    cycles: 0,
    killsInRecovery: 0,
    killsWhileClosing: 0,
    cleanStops: 0,
    checks: 0,
    acknowledged: 0,
    recovered: 0,
    inDoubt: 0,
    inDoubtStored: 0,
    retried: 0,
    tornBytes: 0,
    tornStarts: 0,
    restartMs: [],
  }
  private readonly random: Random

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  async run(cycles: number, tell: (line: string) => void = () => undefined): Promise<Figures> {
    for (let left = cycles; left > 0; left -= KILLS_OF_A_LIFE) {
      await this.live(Math.min(left, KILLS_OF_A_LIFE))
      tell(`${this.figures.cycles} of ${cycles} cycles, ${this.figures.acknowledged} events acknowledged`)
    }
    return this.figures
  }

  private async live(kills: number): Promise<void> {
    const directory = makeTempDirectory()
    const record = new KillRecord()
    let next = this.prepare(directory, 0)
    try {
      for (let kill = 1; kill <= kills; kill++) {
        const writer = next
        const last = kill === kills
        await this.end(writer)
        // Begun while the last one is looked through: starting a process takes longer than all of its life.
        if (!last) next = this.prepare(directory, kill)
        record.note(writer.reports)
        if (last || this.random.chance(0.7)) await this.check(directory, record)
      }
      this.sum(record)
    } finally {
      await next.kill()
      removeTempDirectory(directory)
    }
  }

  private prepare(directory: string, life: number): Writer {
    return new Writer({
      directory,
      name: `w${life}`,
      seed: this.random.below(2 ** 32),
      waits: true,
      writers: this.random.between(1, 6),
      options: this.options(),
      ...this.random.pick(SIZES),
    })
  }

  private options(): WriterOrders['options'] {
    const segmentBytes = this.random.pick([20_000, 300_000, 100 * 2 ** 20])
    return { segmentBytes, idleMarkMs: this.random.pick([0, 20, 50]), sealOnCloseBytes: this.random.pick([1, 2 ** 30]) }
  }

  private async end(writer: Writer): Promise<void> {
    const { random, figures } = this
    const plan = random.pick(PLANS)
    await writer.says('ready')
    writer.tell()
    figures.cycles++
    if (plan === 'recovery') {
      await writer.says('opening')
      await killed(writer, random.below(40))
      if (writer.all('open').length === 0) figures.killsInRecovery++
    } else {
      await writer.says('open')
      if (plan === 'load') await killed(writer, random.below(300))
      else {
        setTimeout(() => writer.tell(), random.below(150))
        await writer.says('stored')
        await killed(writer, 50 + random.below(150))
        if (writer.all('closed').length > 0) figures.cleanStops++
        else figures.killsWhileClosing++
      }
    }
    must(writer.all('unopened').length === 0, () => `it could not open: ${JSON.stringify(writer.all('unopened'))}`)
    for (const { ms, tornBytes } of writer.all('open')) this.started(ms, tornBytes)
  }

  private async check(directory: string, record: KillRecord): Promise<void> {
    const doubtful = record.doubtful()
    const started = performance.now()
    const store = await openEmbedded({ directory, nodeId: 'n1', ...this.options() })
    this.started(performance.now() - started, Number(store.status().details['tornBytes']))
    const events = await this.readSound(store)
    record.check(events)
    await record.retry(store, doubtful)
    record.check(await this.readSound(store))
    await store.close()
    const next = await provenEnd(onDisk(directory))
    must(next === store.head() + 1, () => `the chain proves ${next - 1} events where the store has ${store.head()}`)
    this.figures.checks++
    this.figures.recovered += events.length
  }

  private async readSound(store: EmbeddedStore): Promise<Awaited<ReturnType<typeof everything>>> {
    const { write, damaged } = store.status()
    must(write.writable && damaged.length === 0, () => `a kill left damage: ${JSON.stringify({ write, damaged })}`)
    return everything(store)
  }

  private started(ms: number, tornBytes: number): void {
    this.figures.restartMs.push(ms)
    this.figures.tornBytes += tornBytes
    if (tornBytes > 0) this.figures.tornStarts++
  }

  private sum({ acknowledged, inDoubt, inDoubtStored, retried }: KillRecord): void {
    this.figures.acknowledged += acknowledged
    this.figures.inDoubt += inDoubt
    this.figures.inDoubtStored += inDoubtStored
    this.figures.retried += retried
  }
}

async function killed(writer: Writer, ms: number): Promise<void> {
  const timer = setTimeout(() => writer.signal('SIGKILL'), ms)
  await writer.gone
  clearTimeout(timer)
}

/** The segments of a directory, as the proof of the chain wants them. */
function onDisk(directory: string): { files(): string[]; bytes(path: string): Uint8Array } {
  const segments = join(directory, 'segments')
  return {
    files: () =>
      readdirSync(segments)
        .sort()
        .map(name => join(segments, name)),
    bytes: path => readFileSync(path),
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
