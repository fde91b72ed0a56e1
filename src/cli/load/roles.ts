// What a generator does in each of its roles: send by a schedule, hear what is stored, or misbehave beside the others.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Lighthouse } from '#client'
import { Fleet, Ledger, MockAgent } from '#client/testing'
import { checkLedger, checkOf, NOTHING_SENT, storedAt } from './ledger/check-ledger.js'
import { EventSource, sentAtOf } from './ledger/event-source.js'
import { newLedger } from './ledger/kept-ledgers.js'
import { SendLedger } from './ledger/send-ledger.js'
import type { GeneratorResult, GeneratorRole, Plan } from './messages.js'
import { AgentOperations, OUTCOMES } from './operations.js'
import type { LoadOperation } from './profile.js'
import { peakOf, schedule } from './schedule.js'
import { type RunClock, Sender, type Tally } from './sender.js'

export interface GeneratorWork {
  /** All that is needed when the time begins. */
  prepare(): Promise<void>
  /** Resolves when there is nothing more to begin. */
  run(clock: RunClock): Promise<void>
  /** What is under way ends, and what was acknowledged is looked for. */
  end(): Promise<GeneratorResult>
}

export interface Tools {
  readonly plan: Plan
  /** Comes again or does not, as the profile says. */
  readonly lighthouse: Lighthouse
  /** Comes again in any case: for what is no part of the load. */
  readonly patient: Lighthouse
  readonly tally: Tally
}

/** What is still unanswered then is given up. */
const GRACE_MS = 30_000
/** Operations before the time begins, in the proportions of the profile. */
const WARMING = 200
const LEAST_WARMING = 3
const AT_ONCE = 4
const FLEET_EVENTS = 50
/** They are beside the schedule, and not all there is. */
const FLEET_EVERY_MS = 2_000
export function workOf(tools: Tools): GeneratorWork {
  const works: Readonly<Record<GeneratorRole, () => GeneratorWork>> = {
    schedule: () => new ScheduledWork(tools),
    followers: () => new FollowingWork(tools),
    fleet: () => new FleetWork(tools),
  }
  return works[tools.plan.role]()
}

const ownBase = ({ base, name }: Plan) => `${base}/${name}`

function sourceOf(plan: Plan, about: number): EventSource {
  const { agents, largeShare } = plan.profile
  const start = new Date().toISOString()
  return new EventSource(ownBase(plan), { seed: plan.seed, agents, largeShare, about, start })
}

class ScheduledWork implements GeneratorWork {
  private readonly ledger: SendLedger
  private readonly source: EventSource
  private readonly operations: AgentOperations
  private readonly over = new AbortController()
  private sender: Sender | undefined

  constructor(private readonly tools: Tools) {
    const { plan, lighthouse } = tools
    const { base, seed, part, profile, phases, directory, isKept, name } = plan
    const { batch } = profile
    const each = 'batch' in profile.mix ? batch : 1
    const most = (peakOf(phases) * (phases.at(-1)?.ends ?? 0) * part + WARMING) * each + profile.preload
    const source = sourceOf(plan, Math.ceil(most))
    const ledger = isKept
      ? newLedger(source, directory, name)
      : new SendLedger(source, join(directory, `load-${randomUUID()}.ledger`))
    this.operations = new AgentOperations({ lighthouse, ledger, source, base, seed, batch })
    this.source = source
    this.ledger = ledger
  }

  /** What has just begun is slow, here and there: each operation has been done often enough when the time begins. */
  async prepare(): Promise<void> {
    const { part, profile } = this.tools.plan
    await this.inAdvance('batch', Math.ceil((profile.preload * part) / profile.batch))
    const shares = Object.entries(profile.mix) as [LoadOperation, number][]
    const whole = shares.reduce((sum, [, share]) => sum + share, 0)
    for (const [operation, share] of shares)
      await this.inAdvance(operation, Math.max(LEAST_WARMING, Math.round((WARMING * share) / whole)))
  }

  private async inAdvance(operation: LoadOperation, times: number): Promise<void> {
    let left = times
    const work = async () => {
      while (left-- > 0) {
        const { outcome } = await this.operations.perform(operation, 0, this.over.signal)
        if (outcome !== 'done') throw new Error(`${operation} beforehand was ${outcome} ${this.operations.told}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  async run(clock: RunClock): Promise<void> {
    const { phases, profile, seed, part } = this.tools.plan
    this.sender = new Sender(this.operations, clock, this.tools.tally, profile.underWay)
    await this.sender.send(schedule(phases, profile.mix, { seed, part }), this.over.signal)
  }

  async end(): Promise<GeneratorResult> {
    const giveUp = setTimeout(() => this.over.abort(), GRACE_MS)
    await this.sender?.settled()
    clearTimeout(giveUp)
    this.ledger.flush()
    const { planned = 0, begun = 0, held = 0 } = this.sender ?? {}
    const { plan, patient } = this.tools
    const check = await checkLedger(this.ledger, this.source, storedAt(patient, ownBase(plan)))
    this.ledger.close()
    const acknowledged = this.ledger.acknowledgedCount
    const { told } = this.operations
    return { name: plan.name, planned, begun, held, acknowledged, check, told }
  }
}

/** Followers of all events and agents of one group. Each delivery is timed from when the event was to be sent. */
class FollowingWork implements GeneratorWork {
  private readonly over = new AbortController()
  private clock: RunClock | undefined
  private readonly working: Promise<void>[] = []
  private readonly told: string[] = []

  constructor(private readonly tools: Tools) {}

  async prepare(): Promise<void> {
    const { base, profile } = this.tools.plan
    await Promise.all(Array.from({ length: profile.followers }, () => this.follow(`${base}/*`)))
  }

  async run(clock: RunClock): Promise<void> {
    this.clock = clock
    const { phases, profile } = this.tools.plan
    if (profile.workers > 0) await this.beginWork(profile.workers)
    await clock.until((phases.at(-1)?.ends ?? 0) * 1_000)
  }

  async end(): Promise<GeneratorResult> {
    this.over.abort()
    await Promise.all(this.working)
    const { plan } = this.tools
    if (plan.profile.workers > 0) await this.group.delete()
    return { name: plan.name, planned: 0, begun: 0, held: 0, acknowledged: 0, check: NOTHING_SENT, told: this.told }
  }

  private get group(): ReturnType<Lighthouse['group']> {
    const { plan, patient } = this.tools
    return patient.group(`load-${plan.base.replaceAll('/', '-')}`)
  }

  /** A group that is defined sooner would have all that is stored beforehand to work off first. */
  private async beginWork(workers: number): Promise<void> {
    const { group } = this
    await group.define({ streams: `${this.tools.plan.base}/*`, after: 'head' })
    const ledger = new Ledger()
    for (let worker = 0; worker < workers; worker++) {
      const agent = new MockAgent(this.tools.patient, ledger, { agentId: `worker-${worker}` })
      const handle = ({ event }: { readonly event: { readonly metadata?: object } }) => this.heard('work', event)
      this.keep(agent.work(group, { signal: this.over.signal, handle, max: 100 }))
    }
  }

  /** Resolves when it hears all that is stored from then on. */
  private follow(streams: string): Promise<void> {
    return new Promise(onCaughtUp => {
      const following = this.tools.patient.follow({ streams, signal: this.over.signal, onCaughtUp: () => onCaughtUp() })
      const hear = async () => {
        for await (const event of following) this.heard('deliver', event)
      }
      this.keep(hear())
    })
  }

  private keep(work: Promise<void>): void {
    const kept = work.catch((error: unknown) => {
      if (!this.over.signal.aborted) this.told.push(String(error))
    })
    this.working.push(kept)
  }

  private heard(operation: LoadOperation, event: { readonly metadata?: object }): void {
    const sentAt = sentAtOf(event)
    const { clock } = this
    if (sentAt === undefined || clock === undefined) return
    const at = sentAt - clock.since1970(0)
    // What was stored before the time began is no part of the load.
    if (at < 0) return
    this.tools.tally.add(operation, [at, (clock.elapsed - at) * 1_000, OUTCOMES.indexOf('done'), 0, 1])
  }
}

/** Agents of all behaviours, each with its next event when the last is stored. */
class FleetWork implements GeneratorWork {
  private readonly over = new AbortController()
  private readonly fleet: Fleet
  private readonly source: EventSource
  private appending: Promise<void> | undefined

  constructor(private readonly tools: Tools) {
    const { plan, patient } = tools
    this.fleet = new Fleet(() => patient, { seed: plan.seed, slowMs: 200 })
    this.source = sourceOf(plan, 1_000)
  }

  async prepare(): Promise<void> {
    await this.fleet.append([this.source.next(0)])
  }

  async run(clock: RunClock): Promise<void> {
    const ends = (this.tools.plan.phases.at(-1)?.ends ?? 0) * 1_000
    this.appending = this.append(clock, ends)
    await clock.until(ends)
  }

  async end(): Promise<GeneratorResult> {
    const giveUp = setTimeout(() => this.over.abort(), GRACE_MS)
    await this.appending?.catch((error: unknown) => {
      if (!this.over.signal.aborted) throw error
    })
    clearTimeout(giveUp)
    const { plan, patient } = this.tools
    const { name } = plan
    const acknowledged = this.fleet.ledger.acknowledgedCount
    const check = checkOf(await this.fleet.ledger.compare(storedAt(patient, ownBase(plan)).events))
    return { name, planned: 0, begun: 0, held: 0, acknowledged, check, told: [] }
  }

  private async append(clock: RunClock, ends: number): Promise<void> {
    for (let at = 0; at < ends; at += FLEET_EVERY_MS) {
      await clock.until(at)
      const events = Array.from({ length: FLEET_EVENTS }, () => this.source.next(clock.since1970(clock.elapsed)))
      await this.fleet.append(events, this.over.signal)
    }
  }
}
