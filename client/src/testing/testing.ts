// The entry `@lighthouse/client/testing`, what people test agents with; here its generator of what a fleet of agents writes.
import { activityAt, DAY, HOUR, hourOf, monthsAfter, ZONES } from './calendar.js'
import { commandOf } from './commands.js'
import { EventMaker } from './event-maker.js'
import type { GeneratedEvent } from './generated-event.js'
import { type InvalidEvent, invalidEvents } from './invalid-events.js'
import { Random } from './random.js'
import { AGENT_TYPES, type AgentType, type Session, SessionScript } from './session-script.js'
import { byTime, TimeOrder } from './time-order.js'

export interface GeneratorOptions {
  /** The same seed yields the same events, byte for byte, whatever else has been generated before. */
  readonly seed: number | string
  /** When the first event happens, RFC 3339; default 2026-01-05, a Monday. */
  readonly start?: string | undefined
  /** The share of events from 10 KB to 1 MB; default 0.001. */
  readonly largeShare?: number | undefined
  /** How far the clocks of agents are off, as a deviation in milliseconds; default 20. */
  readonly skewMs?: number | undefined
  /** The share of commands that are dangerous, for a usual agent; default 0.08. */
  readonly dangerRatio?: number | undefined
}

export interface SessionRequest {
  readonly seconds: number
  /** Default `<type>-1`. Sessions of other agents are other sessions. */
  readonly agentId?: string | undefined
  readonly peers?: readonly string[] | undefined
}

export interface HistoryRequest {
  readonly months: number
  /** How many agents there are at first; default 5. */
  readonly agents?: number | undefined
  /** How many sessions an agent has on a usual working day; default 4. */
  readonly sessionsPerDay?: number | undefined
  /** How many times as many agents there are a month later; default 1.15. */
  readonly growth?: number | undefined
}

const DEFAULT_START = '2026-01-05T00:00:00Z'
const VERSIONS = 3
const HOURS_OF_SESSION = 0.75
/** The hours of a working day, as shares of the busiest one, add up to about this. */
const BUSY_HOURS = 9

export class EventDataGenerator {
  private readonly random: Random
  private readonly label: string
  private readonly start: number
  private readonly dangerRatio: number
  private readonly makeup: { readonly largeShare: number; readonly skewMs: number }

  constructor({ seed, start = DEFAULT_START, largeShare = 0.001, skewMs = 20, dangerRatio = 0.08 }: GeneratorOptions) {
    this.start = Date.parse(start)
    if (Number.isNaN(this.start)) throw new TypeError(`start must be a time as ${DEFAULT_START}, not ${start}`)
    this.random = new Random(seed)
    this.label = encodeURIComponent(String(seed))
    this.makeup = { largeShare: shareOf(largeShare, 'largeShare'), skewMs }
    this.dangerRatio = shareOf(dangerRatio, 'dangerRatio')
  }

  /** One session of one agent of that type, with the answers of validators, experts and peers. */
  agentSession(
    type: AgentType,
    { seconds, agentId = `${type}-1`, peers = [] }: SessionRequest,
  ): Iterable<GeneratedEvent> {
    const to = this.start + seconds * 1000
    const session = { agentId, type, from: this.start, to, peers, incident: undefined }
    return this.sessions(`session-${agentId}`, [{ ...session, dangerRatio: this.dangerRatio, schemaVersion: VERSIONS }])
  }

  /** Requests for the validation of commands, without end; `metadata` tells which are dangerous or on the boundary. */
  *validationStream(dangerRatio: number, { agentId = 'builder-1' } = {}): Generator<GeneratedEvent, never, void> {
    const share = shareOf(dangerRatio, 'dangerRatio')
    const maker = this.makerOf(`validation-${agentId}`)
    const random = this.random.fork(`validation/${agentId}`)
    const described = { kind: 'validation', agentId, stream: `agent_${agentId}` } as const
    for (let at = this.start * 1000; ; at += Math.round(random.exponential(1_000_000))) {
      const dangerous = random.chance(share)
      const { command, danger, boundary } = commandOf(random, dangerous)
      const tags = danger === undefined ? [] : [`danger:${danger}`]
      yield maker.make(at, [], {
        ...described,
        type: 'CommandValidationRequested',
        data: { command, directory: '/repo' },
        labels: { dangerous, boundary },
        tags,
        schemaVersion: VERSIONS,
        correlationId: `validation-${random.hex(8)}`,
      })
    }
  }

  /** What so many agents write who work all the time and with each other: 70 % validation, 20 % coordination, 10 % monitoring. */
  mix({ agents = 5 } = {}): Iterable<GeneratedEvent> {
    const ids = Array.from({ length: agents }, (_, n) => agentOf(n))
    return this.sessions('mix', this.endlessSessions(ids))
  }

  /** Months of a growing fleet: by hours and seasons, in its time zones, with bursts and quiet hours. */
  history({ months, ...request }: HistoryRequest): Iterable<GeneratedEvent> {
    return this.sessions('history', this.historicalSessions(months, request))
  }

  /** What a server must refuse. */
  invalidEvents(): Iterable<InvalidEvent> {
    return invalidEvents(this.random.fork('invalid'))
  }

  /** The events of sessions, which come in the order in which they begin, in the order of time. */
  private *sessions(
    name: string,
    sessions: Iterable<Omit<Session, 'sessionId'>>,
  ): Generator<GeneratedEvent, void, void> {
    const maker = this.makerOf(name)
    const random = this.random.fork(name)
    const live = new TimeOrder()
    let count = 0
    for (const session of sessions) {
      yield* live.before(session.from * 1000)
      const sessionId = `${this.label}/${name}/session-${count++}`
      live.add(new SessionScript({ ...session, sessionId }, maker, random.fork(String(count))).events())
    }
    yield* live.before(Number.POSITIVE_INFINITY)
  }

  private *endlessSessions(ids: readonly string[]): Generator<Omit<Session, 'sessionId'>, void, void> {
    const random = this.random.fork('mix/sessions')
    const next = ids.map((agentId, n) => ({ agentId, type: typeOf(n), from: this.start + random.between(0, 60_000) }))
    while (next.length > 0) {
      const first = next.sort(byTime(({ from }) => from))[0] as (typeof next)[number]
      const to = first.from + random.between(600_000, 3_600_000)
      const peers = ids.filter(id => id !== first.agentId)
      yield { ...first, to, peers, dangerRatio: this.dangerRatio, schemaVersion: VERSIONS, incident: undefined }
      first.from = to + random.between(1_000, 60_000)
    }
  }

  private *historicalSessions(
    months: number,
    { agents = 5, sessionsPerDay = 4, growth = 1.15 }: Omit<HistoryRequest, 'months'>,
  ): Generator<Omit<Session, 'sessionId'>, void, void> {
    const random = this.random.fork('history/sessions')
    const end = monthsAfter(this.start, months)
    for (let hour = this.start; hour < end; hour += HOUR) {
      const age = (hour - this.start) / (end - this.start)
      const { factor, incident } = hourOf(hour, random)
      const ids = Array.from({ length: Math.round(agents * growth ** (age * months)) }, (_, n) => agentOf(n))
      const begun = ids.flatMap((agentId, n) => {
        const zone = ZONES[n % ZONES.length] ?? 0
        const count = random.poisson((sessionsPerDay / BUSY_HOURS) * factor * activityAt(hour, zone))
        return Array.from({ length: count }, () => ({
          agentId,
          type: typeOf(n),
          from: hour + random.between(0, HOUR - 1),
        }))
      })
      for (const session of begun.sort(byTime(({ from }) => from))) {
        const minutes = 5 + random.exponential(HOURS_OF_SESSION * 60)
        const to = Math.min(end, Math.round(session.from + Math.min(DAY / 3, minutes * 60_000)))
        const peers = ids.filter(id => id !== session.agentId).slice(0, 8)
        const schemaVersion = 1 + Math.floor(age * VERSIONS)
        yield { ...session, to, peers, dangerRatio: this.dangerRatio, schemaVersion, incident }
      }
    }
  }

  private makerOf(name: string): EventMaker {
    return new EventMaker(`${this.label}/${name}`, this.random, this.makeup)
  }
}

function typeOf(n: number): AgentType {
  return AGENT_TYPES[n % AGENT_TYPES.length] as AgentType
}

function agentOf(n: number): string {
  return `${typeOf(n)}-${Math.floor(n / AGENT_TYPES.length) + 1}`
}

function shareOf(value: number, option: string): number {
  if (value >= 0 && value <= 1) return value
  throw new TypeError(`${option} must be a number from 0 to 1`)
}

export type { Danger, JudgedCommand } from './commands.js'
export { Fleet, type FleetOptions } from './fleet.js'
export { type EventKind, type GeneratedEvent, linkedTo, refOf } from './generated-event.js'
export {
  failures,
  type HttpCall,
  type HttpFate,
  type HttpFault,
  HttpMock,
  type HttpMockOptions,
  type HttpPattern,
  type HttpTurn,
  inTurn,
  type Latency,
  latency,
  outage,
} from './http-mock.js'
export type { InvalidEvent } from './invalid-events.js'
export { type Comparison, Ledger } from './ledger.js'
export {
  type AgentCounts,
  BEHAVIOURS,
  type Behaviour,
  MockAgent,
  type MockAgentOptions,
  type WorkOptions,
} from './mock-agent.js'
export { Random } from './random.js'
export { AGENT_TYPES, type AgentType } from './session-script.js'
