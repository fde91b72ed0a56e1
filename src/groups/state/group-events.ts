// The state events of a group, as they are stored in `$subscriptions`. Pure.
import { SERVICE_AGENT } from '../../contract/check/check-append.js'
import type { JsonObject, NewEvent, Position, RecordedEvent } from '../../contract/event.js'
import type { AppendRequest } from '../../contract/event-store.js'
import type { Consumers, Definition, GroupSettings } from './group-definition.js'

export const SUBSCRIPTIONS_STREAM = '$subscriptions'

export function tagOf(name: string): string {
  return `subscription:${name}`
}

export type TakenRow = readonly [position: Position, attempt: number, stream: string, correlation?: string]
/** The content of a token: the event's position, and the number that no other delivery of the group has. */
export type TokenRow = readonly [position: Position, number: number]

export function tokenOf([position, number]: TokenRow): string {
  return `${position}.${number}`
}

/** How a delivery ended. `release` is no request of a consumer: the delivery never reached it. */
export type Action = 'ack' | 'skip' | 'retry' | 'park' | 'release'

/** Times are milliseconds since 1970. `floor` is the group's floor after the change. */
export type Change =
  | { readonly type: 'SubscriptionDefined'; readonly definition: Definition; readonly lastNumber: number }
  | {
      readonly type: 'SubscriptionChanged'
      /** Without `consumers` they stay as they were. */
      readonly settings: GroupSettings & { readonly consumers?: Consumers }
      readonly by: string
    }
  | { readonly type: 'SubscriptionDeleted'; readonly by: string; readonly lastNumber: number }
  | {
      readonly type: 'EventsTaken'
      readonly consumer: string
      /** The number of the first event's token; the others follow in order. */
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
      /** `release`: the delivery never reached the consumer, so it does not count as an attempt. */
      readonly action: 'retry' | 'release'
      readonly notBeforeMs: number
      readonly reason?: string
      readonly deliveries: readonly TokenRow[]
    }
  | {
      readonly type: 'EventsParked'
      readonly by: string
      /** `timeout` when the service parked it by itself, else the action of the consumer. */
      readonly action: 'park' | 'retry' | 'timeout'
      readonly atMs: number
      readonly reason: string
      /** The number is 0 for an event that was not in flight when it was parked. */
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

/** One part of the whole state, counted from 0. Without all of its parts a state is ignored. */
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

/** The shape is not checked, because only the service writes to this stream. */
export function stateEventOf({ type, data }: RecordedEvent): StateEvent {
  return { ...data, type } as unknown as StateEvent
}

export function appendOf(events: readonly NewEvent[]): AppendRequest {
  return { events, author: { agentId: SERVICE_AGENT } }
}
