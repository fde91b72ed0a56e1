// A consumer group: each event that matches goes to one of its consumers at a time until it is settled.
import type { CallOptions } from './call.js'
import { type ConsumeOptions, Consumer, type Handler } from './consuming.js'
import type { Delivery, Nack, TakeOptions } from './delivery.js'
import type { AnyEvent, EventShape, Position, RecordedEvent } from './event.js'
import { type EventFilter, filterFrame, limitOf } from './filter.js'
import type { Http, HttpRequest } from './http.js'
import { foundOrNot } from './streams.js'

/** The settings that can be changed later, by the owner or with `admin.write`. */
export interface GroupSettings {
  /** Seconds that a consumer has to settle a delivery; default 30. */
  readonly ackTimeoutSeconds?: number | undefined
  /** An event is parked after this many deliveries without success; default 5. */
  readonly maxAttempts?: number | undefined
  /** At most this many deliveries are in flight for all consumers together; default 1,000. */
  readonly maxInFlight?: number | undefined
  /** `stream`, `correlation`: events of the same one are delivered one at a time and in order. Default `none`. */
  readonly ordering?: 'none' | 'stream' | 'correlation' | undefined
  /** Where the log is damaged, the group stalls and reports it, or continues behind it (`skip`). Default `stop`. */
  readonly damaged?: 'stop' | 'skip' | undefined
}

/** The agents that may take from a group besides its owner. */
export interface GroupConsumers {
  /** The ids of agents; `*` matches any run of characters. */
  readonly agents?: readonly string[] | undefined
  /** The roles of tokens: `guest`, `agent`, `expert_agent`, `system_agent`, `admin`. */
  readonly roles?: readonly string[] | undefined
}

/** A group as it is declared. Its filter and its start cannot be changed once the group exists. */
export interface GroupDefinition extends EventFilter, GroupSettings {
  /** Start beyond a position, an event's id or a time (RFC 3339), at the `start` or at the `head`. Default `head`. */
  readonly after?: Position | 'start' | 'head' | (string & {}) | undefined
  /** Default: none, or those it has when the group exists. To every other agent the group does not exist. */
  readonly consumers?: GroupConsumers | undefined
}

export interface GroupProgress {
  /** Every event up to here is settled or parked. */
  readonly floor: Position
  /** The log has been examined up to here. */
  readonly position: Position
  readonly head: Position
  /** The number of positions between floor and head. */
  readonly lag: number
  readonly inFlight: number
  readonly retrying: number
  readonly parked: number
  readonly oldestInFlight: { readonly position: Position; readonly deadline: string } | null
  readonly nextDue: string | null
  /** The reason why no new events are delivered; null while they are. */
  readonly stalled: { readonly code: string; readonly detail: string } | null
  readonly consumers: number
}

export interface GroupStatus
  extends Required<{ readonly [name in keyof GroupSettings]: NonNullable<GroupSettings[name]> }> {
  readonly name: string
  readonly filter: EventFilter
  readonly after: Position | string
  /** The position that `after` was resolved to when the group was defined. */
  readonly start: Position
  /** The agent that owns the group. */
  readonly definedBy: string
  /** Undefined when the server is older than this field. */
  readonly consumers?: { readonly agents: readonly string[]; readonly roles: readonly string[] }
  /** Counts only what the token may see; with `admin.read`, everything. */
  readonly progress: GroupProgress
}

export interface ParkedEvent<S extends EventShape = AnyEvent> {
  readonly position: Position
  /** The number of deliveries before it was parked. */
  readonly attempts: number
  readonly reason: string
  readonly at: string
  /** Null when the token may not see the event, when retention has removed it, or when it cannot be read. */
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

  /**
   * Creates the group, or changes its settings. Repeating a definition changes nothing, whether its owner or a consumer
   * sends it, so every consumer may begin with it.
   */
  async define(definition: GroupDefinition = {}, options: CallOptions = {}): Promise<GroupStatus> {
    const { after, ackTimeoutSeconds, maxAttempts, maxInFlight, ordering, damaged, consumers } = definition
    const settings = { ackTimeoutSeconds, maxAttempts, maxInFlight, ordering, damaged }
    const body = JSON.stringify({ filter: filterFrame(definition), after, ...settings, consumers })
    return (await this.http.call({ method: 'PUT', path: this.path, body }, options)).body as GroupStatus
  }

  /** The definition and the progress; undefined when there is no such group. */
  async status(options: CallOptions = {}): Promise<GroupStatus | undefined> {
    return (await foundOrNot(this.http, { method: 'GET', path: this.path }, options))?.body as GroupStatus | undefined
  }

  /** Deletes the group. The events it has delivered stay in the log. */
  async delete(options: CallOptions = {}): Promise<void> {
    await this.http.remove(this.path, options)
  }

  /** Takes events to work on, oldest first; empty when none became available in time. */
  async take({ max = 10, waitSeconds = WAIT_SECONDS, ...options }: TakeOptions = {}): Promise<readonly Delivery<S>[]> {
    const query = new URLSearchParams({ max: String(max), wait: String(waitSeconds) })
    const { body } = await this.http.call({ ...this.post('take'), query, extraMs: waitSeconds * 1000 }, options)
    return (body as { readonly deliveries: readonly Delivery<S>[] }).deliveries
  }

  /** Acknowledges all of them, or none if one is stale. Repeating it changes nothing. */
  async ack(tokens: readonly string[], options: CallOptions = {}): Promise<void> {
    await this.http.call(this.post('ack', { tokens }), options)
  }

  /** Returns, parks or skips all of them, or none if one is stale. */
  async nack(tokens: readonly string[], nack: Nack, options: CallOptions = {}): Promise<void> {
    // The cut must not split a surrogate pair, because the server refuses a text with half of one.
    const reason = nack.reason?.slice(0, REASON_CHARS).replace(/[\ud800-\udbff]$/, '')
    await this.http.call(this.post('nack', { tokens, ...nack, reason }), options)
  }

  /** The parked events in the order of positions, as far as the token may read them. */
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

  /** Delivers parked events again, all of them without `positions`; resolves with their number. */
  async replayParked(positions?: readonly Position[], options: CallOptions = {}): Promise<number> {
    const { body } = await this.http.call(this.post('parked/replay', { positions }), options)
    return (body as { readonly replayed: number }).replayed
  }

  /** Gives parked events up as done, all of them without `positions`; resolves with their number. */
  async discardParked(positions?: readonly Position[], options: CallOptions = {}): Promise<number> {
    const { body } = await this.http.call(this.post('parked/discard', { positions }), options)
    return (body as { readonly discarded: number }).discarded
  }

  /**
   * Takes and handles events until the signal aborts: then it takes no more, waits for running handlers, settles what
   * they have done, and resolves. It rejects when the group cannot be consumed, after all has been settled.
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
