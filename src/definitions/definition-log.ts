// The definitions of one kind, as a fold of the service's stream they are events of: each change is a version. Pure.
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import type { Position } from '../contract/event.js'
import type { StoredAt, StreamFold } from '../service-streams/service-stream.js'
import { definitionBytesOf } from './check-definition.js'

export interface DefinitionKind {
  readonly stream: '$schemas' | '$projections'
  readonly defined: string
  readonly deleted: string
}

export interface Version<T> {
  readonly name: string
  /** Counted on by every change of the name, deletions included. */
  readonly version: number
  readonly definition: T
  readonly definedBy: string
  readonly definedAt: string
}

interface Entry<T> {
  version: number
  current: Version<T> | undefined
  /** In force until the next one; deletions are not among them. */
  readonly positions: Map<number, Position>
}

export interface DefinitionChange<T> {
  readonly type: string
  readonly name: string
  readonly version: number
  readonly by: string
  readonly definition?: T
  /** When it was defined, in what is written anew. */
  readonly at?: string
}

export function definitionFold<T extends object>(
  kind: DefinitionKind,
): StreamFold<DefinitionLog<T>, DefinitionChange<T>> {
  return {
    stream: kind.stream,
    types: [kind.defined, kind.deleted],
    empty: () => new DefinitionLog<T>(),
    apply: (log, change, at) => log.apply(change, at),
    whole: log => log.whole(kind),
  }
}

export class DefinitionLog<T extends object> {
  private readonly entries = new Map<string, Entry<T>>()
  private bytes = 0

  /** In force, in the order of their names. */
  get current(): readonly Version<T>[] {
    const found = [...this.entries.values()].flatMap(({ current }) => (current === undefined ? [] : [current]))
    return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Of all that are in force, as JSON. */
  get size(): number {
    return this.bytes
  }

  find(name: string): Version<T> | undefined {
    return this.entries.get(name)?.current
  }

  /** Where a version was defined that is not in force any more. */
  positionOf(name: string, version: number): Position | undefined {
    return this.entries.get(name)?.positions.get(version)
  }

  nextVersion(name: string): number {
    return (this.entries.get(name)?.version ?? 0) + 1
  }

  /** Deletions too: a version that was used is not used for something else. */
  whole({ defined, deleted }: DefinitionKind): DefinitionChange<T>[] {
    return [...this.entries].map(([name, { version, current }]) => {
      if (current === undefined) return { type: deleted, name, version, by: SERVICE_AGENT }
      const { definition, definedBy: by, definedAt: at } = current
      return { type: defined, name, version, by, definition, at }
    })
  }

  apply(change: DefinitionChange<T>, { position, timestamp }: StoredAt): void {
    const { name, version, definition } = change
    const entry = this.entries.get(name) ?? { version: 0, current: undefined, positions: new Map() }
    this.entries.set(name, entry)
    if (entry.current !== undefined) this.bytes -= definitionBytesOf(entry.current.definition)
    entry.version = version
    entry.current = definition === undefined ? undefined : versionOf(change, timestamp)
    if (definition === undefined) return
    this.bytes += definitionBytesOf(definition)
    entry.positions.set(version, position)
  }
}

export function versionOf<T>(
  { name, version, by, definition, at }: DefinitionChange<T>,
  timestamp: string,
): Version<T> {
  return { name, version, definition: definition as T, definedBy: by, definedAt: at ?? timestamp }
}
