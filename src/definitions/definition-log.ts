// The definitions of one kind, folded from the events of their service stream; each change makes a version. Pure.
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
  /** Grows by one with every change of the name, deletions included, so that no number is used twice. */
  readonly version: number
  readonly definition: T
  readonly definedBy: string
  readonly definedAt: string
}

interface Entry<T> {
  version: number
  current: Version<T> | undefined
  /** Where each version was defined. A deletion takes a version number too, but defines nothing and is not in it. */
  readonly positions: Map<number, Position>
}

export interface DefinitionChange<T> {
  readonly type: string
  readonly name: string
  readonly version: number
  readonly by: string
  readonly definition?: T
  /** Set only in events written anew, because their own timestamp says when they were rewritten. */
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

  /** The definitions in force, sorted by name. */
  get current(): readonly Version<T>[] {
    const found = [...this.entries.values()].flatMap(({ current }) => (current === undefined ? [] : [current]))
    return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Bytes of all definitions in force, as JSON. */
  get size(): number {
    return this.bytes
  }

  find(name: string): Version<T> | undefined {
    return this.entries.get(name)?.current
  }

  /** The position of the event that defines a version; undefined when there was no such definition. */
  positionOf(name: string, version: number): Position | undefined {
    return this.entries.get(name)?.positions.get(version)
  }

  nextVersion(name: string): number {
    return (this.entries.get(name)?.version ?? 0) + 1
  }

  /** Deletions are included, because otherwise a name that is defined again would reuse version numbers. */
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
