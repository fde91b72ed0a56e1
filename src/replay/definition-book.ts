// The definitions of one kind, as a fold of the service's stream they are events of: each change is a version.
import { SERVICE_AGENT } from '../contract/check-append.js'
import { StoreError } from '../contract/errors.js'
import type { JsonObject, Position, Revision } from '../contract/event.js'
import type { DamagedRange, EventStore } from '../contract/event-store.js'
import { bytesOf } from './check-definition.js'

export interface BookKind {
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

interface Change<T> {
  readonly type: string
  readonly name: string
  readonly version: number
  readonly by: string
  readonly definition?: T
  /** When it was defined, in what is written anew. */
  readonly at?: string
}

/** What is written anew at once; the largest of them fit into one batch. */
const REWRITTEN_TOGETHER = 50

interface Told {
  readonly position: Position
  readonly revision: Revision
}

/** Revisions are dense: where the next one comes behind the damage, what is damaged was none of them. */
function goesOnBehind({ from, to }: DamagedRange, told: readonly Told[]): boolean {
  const before = told.findLast(({ position }) => position < from)
  const behind = told.find(({ position }) => position > to)
  return behind?.revision === (before?.revision ?? -1) + 1
}

export class Book<T extends object> {
  private readonly entries = new Map<string, Entry<T>>()
  private bytes = 0
  /** What may hold changes that nobody can read. */
  private missing: readonly DamagedRange[] = []

  private constructor(
    private readonly store: EventStore,
    private readonly kind: BookKind,
  ) {}

  static async read<T extends object>(store: EventStore, kind: BookKind): Promise<Book<T>> {
    const book = new Book<T>(store, kind)
    const damaged: DamagedRange[] = []
    const told: Told[] = []
    const onDamaged = (range: DamagedRange) => void damaged.push(range)
    for await (const event of store.read({ filter: { streams: [kind.stream] }, onDamaged })) {
      const { type, data, position, timestamp, revision } = event
      told.push({ position, revision })
      book.apply({ ...(data as unknown as Omit<Change<T>, 'type'>), type }, { position, timestamp })
    }
    // What is given up by an operator who lets the store take appends again is given up.
    if (!store.status().write.writable) book.missing = damaged.filter(range => !goesOnBehind(range, told))
    return book
  }

  /** Throws when a change may be missing: then nobody knows what is in force. */
  mustBeWhole(): void {
    const [first] = this.missing
    if (first === undefined) return
    const { from, to, reason } = first
    const which = from === to ? `position ${from}` : `positions ${from} to ${to}`
    const detail = `${which} cannot be read: ${reason}; what was written there to ${this.kind.stream} is not known`
    throw new StoreError('DATA_CORRUPT', detail)
  }

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

  /** Also of what has been changed or deleted since, as long as its event is kept. */
  async findVersion(name: string, version: number): Promise<Version<T> | undefined> {
    const entry = this.entries.get(name)
    if (entry?.current?.version === version) return entry.current
    const position = entry?.positions.get(version)
    const event = position === undefined ? undefined : await this.store.find(position)
    if (event === undefined) return undefined
    return versionOf({ ...(event.data as unknown as Change<T>), type: event.type }, event.timestamp)
  }

  /** Resolves when it is durable, and in force. */
  async define(name: string, definition: T, by: string): Promise<Version<T>> {
    await this.write([{ type: this.kind.defined, name, version: this.nextVersion(name), by, definition }])
    return this.find(name) as Version<T>
  }

  async remove(name: string, by: string): Promise<void> {
    await this.write([{ type: this.kind.deleted, name, version: this.nextVersion(name), by }])
  }

  private nextVersion(name: string): number {
    return (this.entries.get(name)?.version ?? 0) + 1
  }

  /** As it is, versions included, at the end of the log, where retention does not reach. */
  async rewrite(): Promise<void> {
    const changes = [...this.entries].map(([name, { version, current }]): Change<T> => {
      if (current === undefined) return { type: this.kind.deleted, name, version, by: SERVICE_AGENT }
      const { definition, definedBy: by, definedAt: at } = current
      return { type: this.kind.defined, name, version, by, definition, at }
    })
    for (let i = 0; i < changes.length; i += REWRITTEN_TOGETHER) {
      await this.write(changes.slice(i, i + REWRITTEN_TOGETHER))
    }
  }

  private async write(changes: readonly Change<T>[]): Promise<void> {
    const events = changes.map(({ type, ...data }) => {
      return { type, stream: this.kind.stream, data: data as unknown as JsonObject }
    })
    const stored = await this.store.append({ events, author: { agentId: SERVICE_AGENT } })
    for (const [i, change] of changes.entries()) {
      const { position, timestamp } = stored.events[i] as (typeof stored.events)[number]
      this.apply(change, { position, timestamp })
    }
  }

  private apply(
    change: Change<T>,
    { position, timestamp }: { readonly position: Position; readonly timestamp: string },
  ): void {
    const { name, version, definition } = change
    const entry = this.entries.get(name) ?? { version: 0, current: undefined, positions: new Map() }
    this.entries.set(name, entry)
    if (entry.current !== undefined) this.bytes -= bytesOf(entry.current.definition)
    entry.version = version
    entry.current = definition === undefined ? undefined : versionOf(change, timestamp)
    if (definition === undefined) return
    this.bytes += bytesOf(definition)
    entry.positions.set(version, position)
  }
}

function versionOf<T>({ name, version, by, definition, at }: Change<T>, timestamp: string): Version<T> {
  return { name, version, definition: definition as T, definedBy: by, definedAt: at ?? timestamp }
}
