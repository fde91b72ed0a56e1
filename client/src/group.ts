// A consumer group: each event that matches is handed to one of its consumers, until it is settled.
import type { CallOptions } from './call.js'
import { type ConsumeOptions, Consumer, type Handler } from './consuming.js'
import type { Delivery, Nack, TakeOptions } from './delivery.js'
import type { AnyEvent, EventShape, Position, RecordedEvent } from './event.js'
import { type EventFilter, filterFrame, limitOf } from './filter.js'
import type { Http, HttpRequest } from './http.js'
import { foundOrNot } from './streams.js'

/** What may be changed later, by whoever defined the group. */
export interface GroupSettings {
  /** How long a consumer has to settle what it was given; default 30. */
  readonly ackTimeoutSeconds?: number | undefined
  /** Handed out so many times without success, an event is parked; default 5. */
  readonly maxAttempts?: number | undefined
  /** Out at once, with all consumers together; default 1,000. */
  readonly maxInFlight?: number | undefined
  /** `stream`, `correlation`: one event of each at a time, in order. Default `none`. */
  readonly ordering?: 'none' | 'stream' | 'correlation' | undefined
  /** Where the log cannot be read: say so and hand out no more, or go on behind it. Default `stop`. */
  readonly damaged?: 'stop' | 'skip' | undefined
}

/** Who may take from a group beside the agent that owns it. */
export interface GroupConsumers {
  /** Ids of agents; `*` stands for any run of characters. */
  readonly agents?: readonly string[] | undefined
  /** Roles of tokens: `guest`, `agent`, `expert_agent`, `system_agent`, `admin`. */
  readonly roles?: readonly string[] | undefined
}

/** What a group is. Its filter and its beginning stay as they were defined first. */
export interface GroupDefinition extends EventFilter, GroupSettings {
  /** From where: beyond a position, an event's id, a time (RFC 3339), from the `start` or the `head`. Default `head`. */
  readonly after?: Position | 'start' | 'head' | (string & {}) | undefined
  /** Default: nobody else, or, where the group exists, whom it has named. For all others it does not exist. */
  readonly consumers?: GroupConsumers | undefined
}

export interface GroupProgress {
  /** Everything up to here is settled, out, waiting to be tried again, or parked. */
  readonly floor: Position
  /** The log has been looked at up to here. */
  readonly position: Position
  readonly head: Position
  /** Positions between floor and head. */
  readonly lag: number
  readonly inFlight: number
  readonly retrying: number
  readonly parked: number
  readonly oldestInFlight: { readonly position: Position; readonly deadline: string } | null
  readonly nextDue: string | null
  /** Why nothing new is handed out. */
  readonly stalled: { readonly code: string; readonly detail: string } | null
  readonly consumers: number
}

export interface GroupStatus
  extends Required<{ readonly [name in keyof GroupSettings]: NonNullable<GroupSettings[name]> }> {
  readonly name: string
  readonly filter: EventFilter
  readonly after: Position | string
  /** The position that `after` stood for. */
  readonly start: Position
  /** The agent that owns it. */
  readonly definedBy: string
  /** Undefined from a server that does not know of them. */
  readonly consumers?: { readonly agents: readonly string[]; readonly roles: readonly string[] }
  /** As far as the token may subscribe. */
  readonly progress: GroupProgress
}

export interface ParkedEvent<S extends EventShape = AnyEvent> {
  readonly position: Position
  /** How many times it was handed out. */
  readonly attempts: number
  readonly reason: string
  readonly at: string
  /** Null when it has been removed by retention or cannot be read. */
  readonly event: RecordedEvent<S> | null
}

const WAIT_SECONDS = 30
const PARKED_PAGE = 100
const REASON_CHARS = 512

export class Group<S extends EventShape = AnyEvent> {
  private readonly path: string

  constructor(
    private readonly http: Http,
    readonly name: string,
  ) {
    this.path = `v1/subscriptions/${encodeURIComponent(name)}`
  }

  /** Makes the group, or changes its settings. The same again by its owner or a consumer changes nothing, so every consumer may begin with it. */
  async define(definition: GroupDefinition = {}, options: CallOptions = {}): Promise<GroupStatus> {
    const { after, ackTimeoutSeconds, maxAttempts, maxInFlight, ordering, damaged, consumers } = definition
    const settings = { ackTimeoutSeconds, maxAttempts, maxInFlight, ordering, damaged }
    const body = JSON.stringify({ filter: filterFrame(definition), after, ...settings, consumers })
    return (await this.http.call({ method: 'PUT', path: this.path, body }, options)).body as GroupStatus
  }

  /** What it is and how far it has come; undefined when there is no such group. */
  async status(options: CallOptions = {}): Promise<GroupStatus | undefined> {
    return (await foundOrNot(this.http, { method: 'GET', path: this.path }, options))?.body as GroupStatus | undefined
  }

  /** The events it has handed out stay in the log. */
  async delete(options: CallOptions = {}): Promise<void> {
    await this.http.call({ method: 'DELETE', path: this.path }, options)
  }

  /** Events to work on, oldest first; none when none came in time. */
  async take({ max = 10, waitSeconds = WAIT_SECONDS, ...options }: TakeOptions = {}): Promise<readonly Delivery<S>[]> {
    const query = new URLSearchParams({ max: String(max), wait: String(waitSeconds) })
    const { body } = await this.http.call({ ...this.post('take'), query, extraMs: waitSeconds * 1000 }, options)
    return (body as { readonly deliveries: readonly Delivery<S>[] }).deliveries
  }

  /** They are done: all of them, or none if one is stale. The same again changes nothing. */
  async ack(tokens: readonly string[], options: CallOptions = {}): Promise<void> {
    await this.http.call(this.post('ack', { tokens }), options)
  }

  /** They are not done. */
  async nack(tokens: readonly string[], nack: Nack, options: CallOptions = {}): Promise<void> {
    // A character of two halves that is cut within would make the whole text one that is refused.
    const reason = nack.reason?.slice(0, REASON_CHARS).replace(/[\ud800-\udbff]$/, '')
    await this.http.call(this.post('nack', { tokens, ...nack, reason }), options)
  }

  /** What was put aside, in order of position, as far as the token may read it. */
  async *parked({
    after,
    limit,
    ...options
  }: CallOptions & { readonly after?: Position; readonly limit?: number } = {}): AsyncGenerator<
    ParkedEvent<S>,
    void,
    void
  > {
    let left = limitOf(limit)
    let beyond: Position | null = after ?? 0
    while (left > 0 && beyond !== null) {
      const query = new URLSearchParams({ after: String(beyond), limit: String(Math.min(left, PARKED_PAGE)) })
      const { body } = await this.http.call({ method: 'GET', path: `${this.path}/parked`, query }, options)
      const page = body as { readonly parked: readonly ParkedEvent<S>[]; readonly next: Position | null }
      yield* page.parked
      left -= page.parked.length
      beyond = page.next
    }
  }

  /** Hands parked events out again, all of them unless told which; answers how many. */
  async replayParked(positions?: readonly Position[], options: CallOptions = {}): Promise<number> {
    const { body } = await this.http.call(this.post('parked/replay', { positions }), options)
    return (body as { readonly replayed: number }).replayed
  }

  /** Is done with parked events, all of them unless told which; answers how many. */
  async discardParked(positions?: readonly Position[], options: CallOptions = {}): Promise<number> {
    const { body } = await this.http.call(this.post('parked/discard', { positions }), options)
    return (body as { readonly discarded: number }).discarded
  }

  /**
   * Takes and handles events until the signal ends it: then it takes no more, lets the handlers come to their end,
   * settles what they have done, and resolves. Rejects when the group cannot be consumed, once all has been settled.
   */
  consume(handler: Handler<S>, options: ConsumeOptions<S> = {}): Promise<void> {
    return new Consumer<S>(this, this.http.retry, handler, options).run()
  }

  private post(verb: string, body?: object): HttpRequest {
    return {
      method: 'POST',
      path: `${this.path}/${verb}`,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
  }
}

export async function* groupStatuses(http: Http, options: CallOptions): AsyncGenerator<GroupStatus, void, void> {
  let after: string | null = ''
  while (after !== null) {
    const query: URLSearchParams = new URLSearchParams(after === '' ? {} : { after })
    const { body } = await http.call({ method: 'GET', path: 'v1/subscriptions', query }, options)
    const page = body as { readonly subscriptions: readonly GroupStatus[]; readonly next: string | null }
    yield* page.subscriptions
    after = page.next
  }
}
