// One run of load: generators begin together, the server is watched and disturbed, and in the end all of it is judged.
import { statfs } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Lighthouse } from '#client'
import { productVersion } from '../../config/version.js'
import type { OwnServer } from '../machine/own-server.js'
import { capacityOf } from './capacity.js'
import { type DiskTimes, diskTimes } from './disk-times.js'
import type { DoneFault, Fault } from './faults.js'
import { Generators } from './generators.js'
import { type HeapGrowth, heapGrowthOf, watchMemory } from './growth.js'
import { judged } from './judge.js'
import { type Rechecked, recheck } from './ledger/kept-ledgers.js'
import type { Judging } from './levels.js'
import type { GeneratorResult, Plan } from './messages.js'
import type { PlannedPhase, Profile } from './profile.js'
import { Recorder, timesOf } from './recorder.js'
import { type AskedLoad, operationsOf, type Report, seriesOf, storeOf, thisMachine } from './report.js'
import { peakOf } from './schedule.js'
import { Watch } from './watch.js'

export interface Target {
  readonly url: string
  readonly token: () => Promise<string>
  /** All streams of the run lie below it. */
  readonly base: string
  readonly own: OwnServer | undefined
  readonly fileSystem: string | undefined
}

export interface WantedLoad {
  readonly asked: AskedLoad
  readonly profile: Profile
  readonly phases: readonly PlannedPhase[]
  readonly faults: readonly Fault[]
  /** How late the generators may send, as the 99th percentile. */
  readonly lateMs: number
  readonly directory: string
  readonly part: LoadPart | undefined
  readonly say: (line: string) => void
}

/** One of several runs that go on with the same store. */
export interface LoadPart {
  readonly number: number
  /** Of the store and of the ledgers of all parts. */
  readonly directory: string
  /** What earlier parts have stored is looked for as well. */
  readonly rechecks: boolean
}

/** One process sends so many operations a second, and mostly in time. */
const OF_ONE_GENERATOR = 500
const MOST_GENERATORS = 4
/** All generators hear it before it comes. */
const BEGIN_IN_MS = 300

export async function runLoad(target: Target, wanted: WantedLoad): Promise<Report> {
  const { asked, phases, say } = wanted
  const recorder = new Recorder(asked.seconds)
  const machine = thisMachine()
  const disk = target.own === undefined ? undefined : await diskTimes(target.own.directory)
  const watch = new Watch(target.url, target.token)
  const plans = plansOf(target, wanted)
  const eventsBefore = (await watch.look()).value('lighthouse_head_position')
  if (wanted.part !== undefined) say(`part ${wanted.part.number}, on a store of ${eventsBefore} events`)
  say(`${plans.length} generators get ready`)
  const generators = await Generators.start(plans, { token: target.token, tallied: rows => recorder.take(rows) })
  try {
    const at = Date.now() + BEGIN_IN_MS
    const elapsed = () => (Date.now() - at) / 1_000
    watch.begin(elapsed)
    const told = tellPhases(phases, { elapsed, say })
    const disturbed = disturb(target, { wanted, generators, elapsed })
    const memory = target.own === undefined ? [] : watchMemory(target.own, asked.seconds, elapsed)
    await generators.run(at)
    const growth = heapGrowthOf(await memory, asked.seconds)
    const faults = await disturbed
    await told
    say('what is under way ends, and what was acknowledged is looked for')
    const ended = await generators.end()
    const rechecked = await recheckedOf(target, wanted)
    await watch.end()
    const part = wanted.part && { number: wanted.part.number, eventsBefore, rechecked }
    return await reportOf({ target, wanted, recorder, watch, part, ended, faults, machine, disk, growth, begun: at })
  } finally {
    generators.kill()
    await watch.end()
  }
}

function plansOf({ url, base }: Target, { asked, profile, phases, directory, part: of }: WantedLoad): readonly Plan[] {
  const count = Math.max(1, Math.min(MOST_GENERATORS, Math.ceil(peakOf(phases) / OF_ONE_GENERATOR)))
  const plan = (role: Plan['role'], name: string, part: number): Plan => {
    const seed = `${asked.seed}/${name}`
    const isKept = of !== undefined
    return { role, url, base, name, seed, part, profile, phases, directory: resolve(directory), isKept }
  }
  const plans = Array.from({ length: count }, (_, n) => plan('schedule', `generator-${n + 1}`, 1 / count))
  if (profile.followers + profile.workers > 0) plans.push(plan('followers', 'followers', 0))
  if (profile.misbehaving) plans.push(plan('fleet', 'fleet', 0))
  return plans
}

interface Talk {
  readonly elapsed: () => number
  readonly say: (line: string) => void
}

async function tellPhases(phases: readonly PlannedPhase[], { elapsed, say }: Talk): Promise<void> {
  for (const { name, begins, ends, from, to } of phases) {
    await wait(Math.max(0, begins - elapsed()) * 1_000, undefined, { ref: false })
    const rate = from === to ? rounded(from) : `${rounded(from)} to ${rounded(to)}`
    say(`${name}: ${rate} operations a second for ${rounded(ends - begins)} s`)
  }
}

const rounded = (figure: number) => String(Math.round(figure * 10) / 10)

interface Disturbing {
  readonly wanted: WantedLoad
  readonly generators: Generators
  readonly elapsed: () => number
}

async function disturb({ own }: Target, { wanted, generators, elapsed }: Disturbing): Promise<readonly DoneFault[]> {
  const done: DoneFault[] = []
  for (const { kind, at } of wanted.faults) {
    await wait(Math.max(0, at - elapsed()) * 1_000)
    const begun = elapsed()
    if (kind === 'cut') generators.cut()
    else {
      await own?.kill()
      await own?.bringUp()
    }
    const awaySeconds = kind === 'cut' ? 0 : Math.round((elapsed() - begun) * 100) / 100
    wanted.say(
      kind === 'cut' ? 'all connections were cut' : `kill -9 of the server, which was away for ${awaySeconds} s`,
    )
    done.push({ kind, at: Math.round(begun * 100) / 100, awaySeconds })
  }
  return done
}

interface Found {
  readonly target: Target
  readonly wanted: WantedLoad
  readonly recorder: Recorder
  readonly watch: Watch
  readonly ended: Awaited<ReturnType<Generators['end']>>
  readonly faults: readonly DoneFault[]
  readonly machine: Report['machine']
  readonly disk: DiskTimes | undefined
  readonly growth: HeapGrowth
  readonly part: Report['part']
  readonly begun: number
}

async function reportOf(found: Found): Promise<Report> {
  const { target, wanted, recorder, watch, ended, machine, growth } = found
  const results = ended.map(({ result }) => result)
  const { asked, profile, phases, lateMs } = wanted
  const judging: Judging = { profile, phases, recorder, tolerance: asked.tolerance }
  const { verdicts, faults, breakingPoint } = judged(judging, {
    results,
    watch,
    faults: found.faults,
    growth,
    rechecked: found.part?.rechecked ?? [],
    lateMs,
  })
  const sum = (of: (result: GeneratorResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const meanwhile = watch.samples.filter(({ second }) => second >= 0 && second <= asked.seconds)
  return {
    of: 'lighthouse load',
    holds: verdicts.every(({ holds }) => holds),
    asked,
    begun: new Date(found.begun).toISOString(),
    versions: {
      command: productVersion(),
      server: watch.last?.versionOfServer() ?? 'unknown',
      node: process.version,
    },
    machine,
    disk: found.disk ?? null,
    server: { url: target.url, own: target.own !== undefined, fileSystem: target.fileSystem },
    phases,
    schedule: {
      generators: results.filter(({ planned }) => planned > 0).length,
      planned: sum(({ planned }) => planned),
      begun: sum(({ begun }) => begun),
      held: sum(({ held }) => held),
      late: timesOf(recorder.sum().late),
    },
    faults,
    operations: operationsOf(recorder, phases),
    store: storeOf(results),
    capacity: capacityOf(meanwhile, await freeBytesOf(target.own)),
    part: found.part,
    memory: growth,
    generators: ended.map(({ result: { name }, memory }) => ({ name, ...memory })),
    breakingPoint,
    verdicts,
    series: seriesOf(recorder),
    samples: watch.samples,
    told: results.flatMap(({ name, told }) => told.map(text => `${name}: ${text}`)),
  }
}

async function recheckedOf({ url, token }: Target, { part, say }: WantedLoad): Promise<readonly Rechecked[]> {
  if (part?.rechecks !== true) return []
  say('what earlier parts have stored is looked for')
  return recheck(part.directory, part.number, new Lighthouse({ url, token }))
}

export async function freeBytesOf(own: OwnServer | undefined): Promise<number | undefined> {
  if (own === undefined) return undefined
  const { bavail, bsize } = await statfs(own.directory)
  return bavail * bsize
}
