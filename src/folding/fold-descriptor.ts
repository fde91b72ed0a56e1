// The canonical description of a fold: two folds that can never differ have the same text, and its SHA-256 is the fold's id. Pure.
import { createHash } from 'node:crypto'
import type { FieldPath } from '../contract/check/field-path.js'
import { type EventFilter, FILTER_FIELD_LIST, listOf } from '../contract/filter.js'
import type { Upcasters } from '../upcasting/upcaster.js'
import { coversFilter } from './covers-filter.js'
import { type Projection, type ProjectionDefinition, projectionFilterOf } from './projection.js'
import type { Reducer, ReducerName } from './reducers.js'

/** Raised whenever a reducer begins to make other states of the same events: nothing kept before is used any more. */
const SEMANTICS = 1

export interface FoldParts {
  /** Without `within`, which is named apart. */
  readonly filter: EventFilter
  /** Absent when a projection says how. */
  readonly reducer?: ReducerName | undefined
  readonly key?: FieldPath | undefined
  readonly projection?: NamedProjection | undefined
  /** What stands for all upcasters in force. */
  readonly upcasters?: string | undefined
  /** Patterns of the streams that may be read; undefined: all. */
  readonly within?: readonly string[] | undefined
}

/** `mark`: of its definition, should a version ever be counted anew. */
export interface NamedProjection {
  readonly name: string
  readonly version: number
  readonly mark: string
}

/** A fold apart from any caller: what its text says, and how it is done. */
export interface NamedFold {
  readonly id: string
  readonly text: string
  /** Its text and id without the upcasters in force: these stay when those change. */
  readonly asked: { readonly id: string; readonly text: string }
  /** `within` included. */
  readonly filter: EventFilter
  readonly reducer: Reducer
  readonly upcasters: Upcasters
}

const FILTER_PARTS = [...FILTER_FIELD_LIST.map(({ name }) => name), 'causes'] as const

/** Parts that are absent have no place in it, so a part that is invented later leaves the others' texts as they are. */
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

/** undefined for a text of another time, whose states nobody can make any more. */
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

/** What is said of a fold, whatever upcasters are in force. */
export function textAsked(text: string): string {
  const { upcasters: _, ...asked } = JSON.parse(text) as { readonly upcasters?: string }
  return JSON.stringify(asked)
}

export function definitionMark({ filter, key, initial, on }: ProjectionDefinition): string {
  return foldId(JSON.stringify({ filter, key, initial, on }))
}

/** A value of one and a list of it mean the same; no order and no repetition of values means anything. */
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

/** The ids of the folds whose states are this fold's own: itself, and the one that may read all when that changes nothing. */
export function equalFolds(parts: FoldParts): string[] {
  const own = foldId(foldText(parts))
  if (parts.within === undefined || !coversFilter(parts.within, parts.filter)) return [own]
  return [own, foldId(foldText({ ...parts, within: undefined }))]
}
