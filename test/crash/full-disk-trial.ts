// One store on a volume that is filled under it: what it answers then, what it holds afterwards, and how it goes on.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import { Random } from '../support/random.js'
import { cataloguedCode, must } from './ack-journal.js'
import type { SmallVolume } from './small-volume.js'
import { everything } from './tiny-store.js'

const SMALL = { nodeId: 'n1', segmentBytes: 48 * 1024, presizeBytes: 8 * 1024, reserveBytes: 16 * 1024, idleMarkMs: 2 }
const MOST_APPENDS = 1_000
/** What a disk that has room again may cost: the first append may still find the old state. */
const PATIENCE = 3

export interface Trial {
  readonly stored: number
  readonly rejected: number
  /** What a store answered that was opened while the disk was still full; absent when none was. */
  readonly openedFull?: string
}

export class FullDiskTrial {
  private readonly random: Random
  private readonly directory: string
  private readonly stored: string[] = []
  private rejected = 0
  private appends = 0

  constructor(
    private readonly volume: SmallVolume,
    private readonly seed: number,
    private readonly options: Partial<EmbeddedOptions> = {},
  ) {
    this.random = new Random(seed)
    this.directory = join(volume.path, `store-${seed}`)
  }

  /** Filled under a running store, which goes on by itself once there is room. */
  async runOn(free: number): Promise<Trial> {
    mkdirSync(this.directory)
    let store = await this.open()
    try {
      await this.fillUnder(store, free)
      this.volume.release()
      await this.mustGoOn(store)
      await store.close()
      store = await this.open()
      await this.checkAll(store)
    } finally {
      await this.end(store)
    }
    return { stored: this.stored.length, rejected: this.rejected }
  }

  /** Filled, stopped, and started again while the disk is still full. */
  async restartOn(free: number): Promise<Trial> {
    mkdirSync(this.directory)
    let store = await this.open()
    let openedFull = 'opens'
    try {
      await this.fillUnder(store, free)
      await store.close()
      this.volume.fillUpTo(this.random.pick([0, 0, 4_096, free]))
      const attempt = await this.open().catch(error => error as Error)
      if ('append' in attempt) {
        store = attempt
        await this.checkAll(store)
        openedFull = `opens, then ${await this.append(store)}`
        this.volume.release()
        await this.mustGoOn(store)
        await store.close()
      } else openedFull = cataloguedCode(attempt)
      this.volume.release()
      store = await this.open()
      await this.mustGoOn(store)
      await this.checkAll(store)
    } finally {
      await this.end(store)
    }
    return { stored: this.stored.length, rejected: this.rejected, openedFull }
  }

  private open(): Promise<EmbeddedStore> {
    return openEmbedded({ ...SMALL, directory: this.directory, ...this.options })
  }

  private async end(store: EmbeddedStore): Promise<void> {
    await store.close()
    this.volume.release()
    rmSync(this.directory, { recursive: true, force: true })
  }

  private async fillUnder(store: EmbeddedStore, free: number): Promise<void> {
    for (let i = 0; i < 3; i++) must((await this.append(store)) === 'stored', () => 'there was room for this')
    this.volume.fillUpTo(free)
    const before = this.rejected
    while (this.appends < MOST_APPENDS && this.rejected < before + 3) {
      const answer = await this.append(store)
      must(answer === 'stored' || answer === 'DISK_FULL', () => `${answer} on a full disk: ${this.stateOf(store)}`)
    }
    must(this.rejected > before, () => `the disk never filled up with ${free} bytes free`)
    await this.checkAll(store)
  }

  private async mustGoOn(store: EmbeddedStore): Promise<void> {
    const answers: string[] = []
    for (let tries = PATIENCE; tries > 0 && answers.at(-1) !== 'stored'; tries--) answers.push(await this.append(store))
    must(answers.at(-1) === 'stored', () => `with room again: ${answers.join(', ')}; ${this.stateOf(store)}`)
  }

  private async checkAll(store: EmbeddedStore): Promise<void> {
    const names = (await everything(store)).map(event => `${event.data['name']}`)
    must(store.status().damaged.length === 0, () => `a full disk is taken for damage: ${this.stateOf(store)}`)
    const [is, must_be] = [names.join(' '), this.stored.join(' ')]
    must(is === must_be, () => `the log holds\n${is}\nwhere this was acknowledged:\n${must_be}`)
  }

  /** `stored`, or the code of the refusal. */
  private async append(store: EmbeddedStore): Promise<string> {
    const count = this.random.chance(0.7) ? 1 : this.random.between(2, 5)
    const names = Array.from({ length: count }, (_, at) => `${this.appends}.${at}`)
    this.appends++
    const events = names.map(name => {
      return { type: 'filled', stream: 's', data: { name, filler: 'x'.repeat(this.random.below(4_000)) } }
    })
    try {
      await store.append({ events, author: { agentId: 'a1' } })
      this.stored.push(...names)
      return 'stored'
    } catch (error) {
      this.rejected++
      return cataloguedCode(error)
    }
  }

  private stateOf(store: EmbeddedStore): string {
    const { write, damaged } = store.status()
    return JSON.stringify({ seed: this.seed, free: this.volume.free, write, damaged })
  }
}
