// The definition of a projection as data: a filter, an optional key, and operations on a state. Pure.
import type { JsonValue } from '../contract/event.js'
import type { EventFilter } from '../contract/filter.js'

/** What is put into the state: a literal, or the value at a path of the event. */
export type Source = { readonly value: JsonValue } | { readonly from: string }

export type ProjectionOperation =
  | ({ readonly op: 'set' | 'merge' | 'append'; readonly path: string } & Source)
  | { readonly op: 'increment'; readonly path: string; readonly by?: number; readonly from?: string }
  | { readonly op: 'remove'; readonly path: string }

export interface ProjectionDefinition {
  readonly description?: string
  readonly filter?: EventFilter
  /** A path of the event; there is one state for each value found there. */
  readonly key?: string
  /** The state before its first event; `{}` when absent. */
  readonly initial?: JsonValue
  /** By globs on types; the operations of all globs that match are done, in this order. */
  readonly on: Readonly<Record<string, readonly ProjectionOperation[]>>
  readonly live?: boolean
}

export interface Projection {
  readonly name: string
  readonly version: number
  readonly definition: ProjectionDefinition
}

const OWN_STREAMS_LEFT_OUT = ['*']

/** The service's own streams are folded only when a pattern names them. */
export function projectionFilterOf({
  filter,
}: ProjectionDefinition): EventFilter & { readonly streams: readonly string[] } {
  return { ...filter, streams: filter?.streams ?? OWN_STREAMS_LEFT_OUT }
}
