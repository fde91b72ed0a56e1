// The shapes of a group's state events: what happened to it, as it stands in `$subscriptions`. Pure.
import { SERVICE_AGENT } from '../../contract/check/check-append.js'
import type { JsonObject, NewEvent, Position, RecordedEvent } from '../../contract/event.js'
import type { AppendRequest } from '../../contract/event-store.js'
import type { Consumers, Definition, GroupSettings } from './group-definition.js'

export const SUBSCRIPTIONS_STREAM = '$subscriptions'

export function tagOf(name: string): string {
  return `subscription:${name}`
}

/** Position, which attempt this is, its stream, and its correlation if it has one. */
export type TakenRow = readonly [position: Position, attempt: number, stream: string, correlation?: string]
/** What a token names. */
export type TokenRow = readonly [position: Position, number: number]

export function tokenOf([position, number]: TokenRow): string {
  return `${position}.${number}`
}

/** How a consumer settled what it was given. */
export type Action = 'ack' | 'skip' | 'retry' | 'park' | 'release'

/** Times are milliseconds since 1970. `floor` is the group's once this has happened. */
export type Change =
  | { readonly type: 'SubscriptionDefined'; readonly definition: Definition; readonly lastNumber: number }
  | {
      readonly type: 'SubscriptionChanged'
      /** Consumers that are not named stay as they were. */
      readonly settings: GroupSettings & { readonly consumers?: Consumers }
      readonly by: string
    }
  | { readonly type: 'SubscriptionDeleted'; readonly by: string; readonly lastNumber: number }
  | {
      readonly type: 'EventsTaken'
      readonly consumer: string
      /** Of the first of them; the others count on. */
      readonly firstNumber: number
      readonly deadlineMs: number
      readonly events: readonly TakenRow[]
      readonly floor: Position
    }
  | {
      readonly type: 'EventsSettled'
      readonly by: string
      readonly action: 'ack' | 'skip'
      readonly deliveries: readonly TokenRow[]
      readonly floor: Position
    }
  | {
      readonly type: 'EventsReturned'
      readonly by: string
      /** `release`: never reached the consumer, and does not count as an attempt. */
      readonly action: 'retry' | 'release'
      readonly notBeforeMs: number
      readonly reason?: string
      readonly deliveries: readonly TokenRow[]
    }
  | {
      readonly type: 'EventsParked'
      readonly by: string
      /** What was asked for; `timeout` when nobody asked. */
      readonly action: 'park' | 'retry' | 'timeout'
      readonly atMs: number
      readonly reason: string
      /** The number is 0 for what was not out when it was parked. */
      readonly deliveries: readonly TokenRow[]
      readonly floor: Position
    }
  | { readonly type: 'EventsGone'; readonly positions: readonly Position[]; readonly floor: Position }
  | { readonly type: 'DamagePassedOver'; readonly from: Position; readonly to: Position }
  | { readonly type: 'ParkedReplayed'; readonly by: string; readonly positions: readonly Position[] }
  | { readonly type: 'ParkedDiscarded'; readonly by: string; readonly positions: readonly Position[] }

type Correlation = string | null

export type StateRow =
  | readonly ['group', Definition | null, number, Position]
  | readonly ['settled', readonly Position[]]
  | readonly ['out', Position, number, string, Correlation, number, number, string]
  | readonly ['returned', Position, number, string, Correlation, number]
  | readonly ['parked', Position, number, string, Correlation, number, string]
  | readonly ['recent', Action, readonly string[]]

/** One part of the whole state; the last one completes it. */
export interface StatePart {
  readonly type: 'SubscriptionState'
  readonly part: number
  readonly parts: number
  readonly rows: readonly StateRow[]
}

export type StateEvent = Change | StatePart

export function eventOf(name: string, { type, ...data }: StateEvent): NewEvent {
  return {
    type,
    stream: SUBSCRIPTIONS_STREAM,
    tags: [tagOf(name)],
    data: { subscription: name, ...data } as unknown as JsonObject,
  }
}

/** What the service alone writes is what it was written as. */
export function stateEventOf({ type, data }: RecordedEvent): StateEvent {
  return { ...data, type } as unknown as StateEvent
}

export function appendOf(events: readonly NewEvent[]): AppendRequest {
  return { events, author: { agentId: SERVICE_AGENT } }
}
