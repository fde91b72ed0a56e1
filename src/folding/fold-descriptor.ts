// The canonical text of a fold, by which equal folds are recognised; its SHA-256 is the fold's id. Pure.
import { createHash } from 'node:crypto'
import type { FieldPath } from '../contract/check/field-path.js'
import { type EventFilter, FILTER_FIELD_LIST, listOf } from '../contract/filter.js'
import type { Upcasters } from '../upcasting/upcaster.js'
import { coversFilter } from './covers-filter.js'
import { type Projection, type ProjectionDefinition, projectionFilterOf } from './projection.js'
import type { Reducer, ReducerName } from './reducers.js'

/** To be raised whenever a reducer makes other states of the same events, so that no older snapshot is used. */
const SEMANTICS = 1

export interface FoldParts {
  /** Has no `within`, which is a part of its own. */
  readonly filter: EventFilter
  /** Absent when `projection` is given. */
  readonly reducer?: ReducerName | undefined
  readonly key?: FieldPath | undefined
  readonly projection?: NamedProjection | undefined
  /** The mark of all upcasters in force; undefined when there are none. */
  readonly upcasters?: string | undefined
  /** Patterns of the streams that may be read; undefined for all. */
  readonly within?: readonly string[] | undefined
}

/** `mark` is the hash of the definition, in case a version number is ever assigned again. */
export interface NamedProjection {
  readonly name: string
  readonly version: number
  readonly mark: string
}

/** A fold apart from any caller: its canonical text, and what is needed to run it. */
export interface NamedFold {
  /** With the mark of the upcasters, so that no state made with others is taken for one of it. Nobody is shown it. */
  readonly id: string
  readonly text: string
  /** Its text and id without the upcasters: what it is called by, since that stays the same when upcasters change. */
  readonly asked: { readonly id: string; readonly text: string }
  /** Includes `within`. */
  readonly filter: EventFilter
  readonly reducer: Reducer
  readonly upcasters: Upcasters
}

const FILTER_PARTS = [...FILTER_FIELD_LIST.map(({ name }) => name), 'causes'] as const

/** Absent parts leave no trace in the text, so a part that is added later does not change the ids of other folds. */
export function foldText({ filter, reducer, key, projection, upcasters, within }: FoldParts): string {
  const path = key === undefined ? undefined : { field: key.field, keys: key.keys }
  const named =
    projection === undefined ? undefined : { name: projection.name, version: projection.version, mark: projection.mark }
  return JSON.stringify({
    semantics: SEMANTICS,
    filter: filterPart(filter),
    reducer,
    key: path,
    projection: named,
    upcasters,
    within: within === undefined ? undefined : sorted(within),
  })
}

/** undefined for a text with other `SEMANTICS`, because this server makes other states by it. */
export function readFoldText(text: string): FoldParts | undefined {
  const { semantics, ...parts } = JSON.parse(text) as FoldParts & { readonly semantics: number }
  return semantics === SEMANTICS ? parts : undefined
}

export function foldId(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function projectionParts(
  { name, version, definition }: Projection,
  { upcasters, within }: Pick<FoldParts, 'upcasters' | 'within'>,
): FoldParts {
  const projection = { name, version, mark: definitionMark(definition) }
  return { filter: projectionFilterOf(definition), projection, upcasters, within }
}

/** The text without the upcasters, as `NamedFold.asked` holds it, and their mark; null when there were none. */
export function splitFoldText(text: string): { readonly asked: string; readonly upcasting: string | null } {
  const { upcasters = null, ...asked } = JSON.parse(text) as { readonly upcasters?: string }
  return { asked: JSON.stringify(asked), upcasting: upcasters }
}

export function definitionMark({ filter, key, initial, on }: ProjectionDefinition): string {
  return foldId(JSON.stringify({ filter, key, initial, on }))
}

/** Makes sorted lists without repeats, because filters that mean the same must have the same text. */
function filterPart(filter: EventFilter): EventFilter {
  const part: Record<string, readonly string[]> = {}
  for (const field of FILTER_PARTS) {
    const value = filter[field]
    if (value !== undefined) part[field] = sorted(listOf(value))
  }
  return part
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort()
}

/** Ids of the folds with the states of this one: its own, and that without `within` when `within` hides nothing. */
export function equalFolds(parts: FoldParts): string[] {
  const own = foldId(foldText(parts))
  if (parts.within === undefined || !coversFilter(parts.within, parts.filter)) return [own]
  return [own, foldId(foldText({ ...parts, within: undefined }))]
}
