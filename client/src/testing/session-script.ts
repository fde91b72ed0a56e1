// What one agent does from the start of a session to its end: commands that are validated, tasks shared with others, its state.
import type { JsonObject } from '../event.js'
import { commandOf } from './commands.js'
import type { Description, EventMaker } from './event-maker.js'
import type { EventKind, GeneratedEvent } from './generated-event.js'
import type { Random } from './random.js'

export type AgentType = 'builder' | 'tester' | 'reviewer' | 'operator' | 'researcher'

interface Profile {
  /** The mean time between two things it does, in seconds. */
  readonly pace: number
  /** How many times as many of its commands are dangerous as of a usual agent. */
  readonly boldness: number
  readonly directory: string
}

const PROFILES: Readonly<Record<AgentType, Profile>> = {
  builder: { pace: 20, boldness: 1, directory: '/repo' },
  tester: { pace: 12, boldness: 0.5, directory: '/repo/test' },
  reviewer: { pace: 45, boldness: 0.25, directory: '/repo/docs' },
  operator: { pace: 30, boldness: 2, directory: '/srv' },
  researcher: { pace: 60, boldness: 0.5, directory: '/data' },
}

export const AGENT_TYPES = Object.keys(PROFILES) as readonly AgentType[]

export interface Session {
  readonly agentId: string
  readonly type: AgentType
  readonly sessionId: string
  /** In milliseconds since 1970. */
  readonly from: number
  readonly to: number
  /** Agents it shares work with. */
  readonly peers: readonly string[]
  /** Of a usual agent's commands. */
  readonly dangerRatio: number
  /** Later versions of the fleet's software say more: 2 the risk, 3 the policy as well. */
  readonly schemaVersion: number
  /** The correlation of all its tasks; undefined: each task has its own. */
  readonly incident: string | undefined
}

const SHARES: Readonly<Record<EventKind, number>> = { validation: 0.7, coordination: 0.2, monitoring: 0.1 }
const KINDS = Object.keys(SHARES) as readonly EventKind[]

export class SessionScript {
  private readonly profile: Profile
  private readonly counts: Record<EventKind, number> = { validation: 0, coordination: 0, monitoring: 0 }
  /** In microseconds. */
  private clock: number
  private correlationId = ''
  /** What the task on hand has come to. */
  private last: GeneratedEvent | undefined

  constructor(
    private readonly session: Session,
    private readonly maker: EventMaker,
    private readonly random: Random,
  ) {
    this.profile = PROFILES[session.type]
    this.clock = session.from * 1000 + random.between(0, 999)
  }

  *events(): Generator<GeneratedEvent, void, void> {
    const { type, from, to } = this.session
    yield this.own('monitoring', 'AgentSessionStarted', { agentType: type, plannedSeconds: (to - from) / 1000 }, [])
    yield this.beginTask()
    while (this.wait(this.profile.pace)) yield* this.step(this.dueKind())
    yield this.own('monitoring', 'AgentSessionEnded', { events: this.total + 1 }, this.causes())
  }

  private get total(): number {
    return KINDS.reduce((sum, kind) => sum + this.counts[kind], 0)
  }

  /** The kind that is furthest behind its share, roughly, so that the mix holds and the order is not always the same. */
  private dueKind(): EventKind {
    const total = this.total + 3
    const behind = (kind: EventKind) => SHARES[kind] * total - this.counts[kind] + 2 * this.random.next()
    return KINDS.map(kind => [behind(kind), kind] as const).reduce((a, b) => (b[0] > a[0] ? b : a))[1]
  }

  private step(kind: EventKind): Iterable<GeneratedEvent> {
    if (kind === 'validation') return this.validate()
    return kind === 'coordination' ? this.coordinate() : [this.report()]
  }

  /** A request and its decision; what is on the boundary, and half of what is dangerous, goes to an expert first. */
  private *validate(): Generator<GeneratedEvent, void, void> {
    const { dangerRatio, schemaVersion, agentId } = this.session
    const dangerous = this.random.chance(Math.min(1, dangerRatio * this.profile.boldness))
    const { command, danger, boundary } = commandOf(this.random, dangerous)
    const asked = this.own(
      'validation',
      'CommandValidationRequested',
      {
        command,
        directory: this.profile.directory,
        ...(schemaVersion >= 2 ? { risk: Math.round(this.random.next() * 100) / 100 } : {}),
        ...(schemaVersion >= 3 ? { policy: `policy-${this.random.between(1, 9)}` } : {}),
      },
      this.causes(),
      { dangerous, boundary },
    )
    yield asked
    const byValidator = { kind: 'validation', agentId: 'validator-1', stream: `validation_${agentId}` } as const
    let ground = asked
    if (boundary || (dangerous && this.random.chance(0.5))) {
      const expert = `expert-${this.random.between(1, 2)}`
      this.wait(1)
      ground = this.made({ ...byValidator, type: 'ValidationEscalated', data: { to: expert } }, [asked])
      yield ground
      this.wait(20)
      const byExpert = { kind: 'validation', agentId: expert, stream: `expert_${expert}` } as const
      ground = this.made({ ...byExpert, type: 'ExpertDecided', data: { allow: !dangerous } }, [ground, asked])
      yield ground
    } else this.wait(0.2)
    const [type, reason] = dangerous ? ['CommandRejected', danger ?? 'risk'] : ['CommandApproved', 'nothing found']
    const because = ground === asked ? [asked] : [ground, asked]
    const decided = this.made({ ...byValidator, type, data: { reason } }, because)
    yield decided
    this.last = decided
    if (dangerous) return
    this.wait(2)
    const exitCode = this.random.chance(0.93) ? 0 : 1
    yield this.own('validation', 'CommandExecuted', { exitCode, durationMs: this.random.between(5, 60_000) }, [decided])
  }

  /** A task ends and another begins, or it goes to a peer, or a peer is asked to join. */
  private *coordinate(): Generator<GeneratedEvent, void, void> {
    const { peers } = this.session
    const choice = peers.length === 0 ? 0 : this.random.next()
    if (choice < 0.4) {
      yield this.own(
        'coordination',
        'TaskCompleted',
        { outcome: this.random.pick(['done', 'done', 'abandoned']) },
        this.causes(),
      )
      this.wait(5)
      yield this.beginTask()
      return
    }
    const peer = this.random.pick(peers)
    const [offer, answer] =
      choice < 0.7 ? ['TaskHandedOver', 'TaskAccepted'] : ['PairSessionRequested', 'PairSessionJoined']
    const offered = this.own('coordination', offer, { to: peer }, this.causes())
    yield offered
    this.wait(10)
    const byPeer = { kind: 'coordination', agentId: peer, stream: `agent_${peer}` } as const
    this.last = this.made({ ...byPeer, type: answer, data: { from: this.session.agentId } }, [offered])
    yield this.last
  }

  private beginTask(): GeneratedEvent {
    const { incident } = this.session
    const task = `task-${this.random.hex(8)}`
    const before = this.causes()
    this.correlationId = incident ?? task
    this.last = this.own('coordination', 'TaskClaimed', { task, queue: this.session.type }, before)
    return this.last
  }

  private report(): GeneratedEvent {
    const load = Math.round(this.random.next() * 1000) / 1000
    const memoryBytes = this.random.between(5e7, 2e9)
    const type = this.random.pick(['AgentStatusReported', 'ResourcesSampled', 'Heartbeat'])
    return this.own('monitoring', type, { load, memoryBytes, healthy: this.random.chance(0.98) }, [])
  }

  private causes(): readonly GeneratedEvent[] {
    return this.last === undefined ? [] : [this.last]
  }

  /** False when the session is over by then. */
  private wait(meanSeconds: number): boolean {
    this.clock += Math.round(this.random.exponential(meanSeconds * 1_000_000))
    return this.clock < this.session.to * 1000
  }

  private own(
    kind: EventKind,
    type: string,
    data: JsonObject,
    causes: readonly GeneratedEvent[],
    labels?: JsonObject,
  ): GeneratedEvent {
    const { agentId } = this.session
    return this.made({ kind, agentId, stream: `agent_${agentId}`, type, data, labels }, causes)
  }

  /** What is under way when the session ends is not later than its end. */
  private made(description: Description, causes: readonly GeneratedEvent[]): GeneratedEvent {
    const { sessionId, schemaVersion, to, type } = this.session
    this.counts[description.kind]++
    const correlationId = this.correlationId === '' ? undefined : this.correlationId
    const tags = [`team:${type}`]
    const at = Math.min(this.clock, to * 1000)
    return this.maker.make(at, causes, { ...description, tags, schemaVersion, correlationId, sessionId })
  }
}
