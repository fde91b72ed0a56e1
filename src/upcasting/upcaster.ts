// Brings the data of an event from its schema version to the newest by declared steps, never by code. Pure.
import { createHash } from 'node:crypto'
import type { JsonObject, JsonValue, RecordedEvent } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { setOwn } from '../contract/own-key.js'
import { alter, copyOf, type JsonPath, parseJsonPointer, valueAtPath } from '../definitions/json-path.js'
import { isMap, type Mutable, ownValue } from '../definitions/merge-patch.js'
import { encodeMessagePack } from '../record/codec/writer.js'

export type UpcastOperation =
  | { readonly op: 'rename'; readonly path: string; readonly to: string }
  | { readonly op: 'move'; readonly from: string; readonly to: string }
  | { readonly op: 'default'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }

export interface UpcastStep {
  readonly from: number
  readonly to: number
  readonly ops: readonly UpcastOperation[]
}

export interface UpcasterDefinition {
  readonly steps: readonly UpcastStep[]
}

/** Changes the data in place, so it must be given a copy. It leaves data that it does not fit, and never throws. */
type Change = (data: JsonObject) => void

interface Step {
  readonly from: number
  readonly to: number
  readonly changes: readonly Change[]
}

/** The steps of one type, ready to run. The definition must have been checked, because a bad pointer throws here. */
export class Upcaster {
  private readonly steps: readonly Step[]

  constructor(
    readonly type: string,
    readonly version: number,
    readonly definition: UpcasterDefinition,
  ) {
    this.steps = definition.steps.map(({ from, to, ops }) => ({ from, to, changes: ops.map(changeOf) }))
  }

  /** Answers the event itself when no step begins at its version. */
  latest(event: RecordedEvent): RecordedEvent {
    const first = this.steps.findIndex(({ from }) => from === event.schemaVersion)
    return first < 0 ? event : upcast(event, this.steps.slice(first))
  }
}

/** Answers an event as its reader is to see it. */
export type Show = (event: RecordedEvent) => RecordedEvent

/** All upcasters in force at one time. It never changes, so a fold that holds one reads all its events the same way. */
export class Upcasters {
  private readonly byType: ReadonlyMap<string, Upcaster>
  /** Sorted by type, so that equal upcasters make equal marks. */
  readonly versions: readonly (readonly [type: string, version: number])[]
  /** Equal for equal steps of equal types, whatever their version numbers; undefined when there are none. */
  readonly mark: string | undefined

  constructor(all: readonly Upcaster[]) {
    this.byType = new Map(all.map(upcaster => [upcaster.type, upcaster]))
    this.versions = all.map(({ type, version }) => [type, version] as const).sort(([a], [b]) => (a < b ? -1 : 1))
    this.mark = all.length === 0 ? undefined : markOf(this.versions.map(([type]) => this.byType.get(type) as Upcaster))
  }

  /** Never throws: an event without an upcaster is answered as it is. */
  latest(event: RecordedEvent): RecordedEvent {
    return this.byType.get(event.type)?.latest(event) ?? event
  }
}

export const NO_UPCASTERS = new Upcasters([])

function markOf(inOrder: readonly Upcaster[]): string {
  const text = JSON.stringify(inOrder.map(({ type, definition: { steps } }) => [type, steps]))
  return createHash('sha256').update(text).digest('hex')
}

/** Overrides only the data and its version. The data is made on first use, because a reader may never look at it. */
function upcast(event: RecordedEvent, steps: readonly Step[]): RecordedEvent {
  let data: JsonObject | undefined
  let packed: Uint8Array | undefined
  const changed = () => {
    data ??= changedBy(event.data, steps)
    return data
  }
  const packedData = () => {
    packed ??= encodeMessagePack(changed())
    return packed
  }
  return Object.create(event, {
    schemaVersion: { value: steps.at(-1)?.to, enumerable: true },
    data: { get: changed, enumerable: true },
    packedData: { value: packedData },
    packedBytes: { value: () => packedData().length + (event.packedMetadata()?.length ?? 0) },
  }) as RecordedEvent
}

function changedBy(data: JsonObject, steps: readonly Step[]): JsonObject {
  const copy = copyOf(data) as JsonObject
  for (const { changes } of steps) for (const change of changes) change(copy)
  return copy
}

function changeOf(operation: UpcastOperation): Change {
  switch (operation.op) {
    case 'rename':
      return rename(placeOf(operation.path), operation.to)
    case 'move':
      return move(placeOf(operation.from), placeOf(operation.to))
    case 'default': {
      const { value } = operation
      const place = placeOf(operation.path)
      return data => void alter(data, place, there => (there === undefined ? copyOf(value) : there))
    }
    case 'remove': {
      const place = placeOf(operation.path)
      return data => void alter(data, place, () => undefined)
    }
  }
}

/** Leaves the data as it is when the new name is taken, because renaming would overwrite that value. */
function rename(place: JsonPath, to: string): Change {
  const key = place.at(-1) as string
  const parent = place.slice(0, -1)
  return data => {
    const map = valueAtPath(data, parent)
    if (!isMap(map)) return
    const value = ownValue(map, key)
    if (value === undefined || ownValue(map, to) !== undefined) return
    delete (map as Mutable)[key]
    setOwn(map, to, value)
  }
}

/** Moves only to a free place that maps lead to, and only where the value stays within the nesting of an event. */
function move(from: JsonPath, to: JsonPath): Change {
  return data => {
    const value = valueAtPath(data, from)
    if (value === undefined || !fits(value, LIMITS.nestingDepth - to.length)) return
    let moved = false
    alter(data, to, there => {
      if (there !== undefined) return there
      moved = true
      return value
    })
    if (moved) alter(data, from, () => undefined)
  }
}

/** Whether the lists and maps of the value are nested in at most `levels` levels. */
function fits(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every(item => fits(item, levels - 1))
}

function placeOf(pointer: string): JsonPath {
  const read = parseJsonPointer(pointer)
  if ('fault' in read) throw new TypeError(`${pointer} ${read.fault}`)
  return read.place
}
