// Defines, deletes and finds the versions of the definitions of one kind, within their limits.
import { StoreError } from '../contract/errors.js'
import type { EventStore } from '../contract/event-store.js'
import { ServiceStream } from '../service-streams/service-stream.js'
import { definitionBytesOf } from './check-definition.js'
import { DEFINITION_LIMITS } from './definition-limits.js'
import {
  type DefinitionChange,
  type DefinitionKind,
  type DefinitionLog,
  definitionFold,
  type Version,
  versionOf,
} from './definition-log.js'

export interface Defined<T> {
  readonly version: Version<T>
  readonly isNew: boolean
}

export interface Bounds<T> {
  readonly noun: string
  readonly most: number
  /** Throws when the definition would be one too many beside `others`, those in force under other names. */
  readonly check?: (definition: T, others: readonly Version<T>[]) => void
}

export class Definitions<T extends object> {
  readonly stream: ServiceStream<DefinitionLog<T>, DefinitionChange<T>>

  constructor(
    private readonly store: EventStore,
    private readonly kind: DefinitionKind,
    private readonly bounds: Bounds<T>,
  ) {
    this.stream = new ServiceStream(store, definitionFold<T>(kind))
  }

  log(): Promise<DefinitionLog<T>> {
    return this.stream.state()
  }

  /** Finds changed and deleted versions too, as long as the log keeps their events; undefined when there is none. */
  async findVersion(name: string, version: number): Promise<Version<T> | undefined> {
    const log = await this.log()
    const current = log.find(name)
    if (current?.version === version) return current
    const position = log.positionOf(name, version)
    const event = position === undefined ? undefined : await this.store.find(position)
    if (event === undefined) return undefined
    return versionOf({ ...(event.data as unknown as DefinitionChange<T>), type: event.type }, event.timestamp)
  }

  /** Defining again what is in force makes no new version, so a repeated request changes nothing. */
  define(name: string, definition: T, by: string): Promise<Defined<T>> {
    return this.stream.inTurn(async (log, write) => {
      const before = log.find(name)
      if (before !== undefined && JSON.stringify(before.definition) === JSON.stringify(definition)) {
        return { version: before, isNew: false }
      }
      this.checkRoom(log, name, definition)
      await write([{ type: this.kind.defined, name, version: log.nextVersion(name), by, definition }])
      return { version: log.find(name) as Version<T>, isNew: before === undefined }
    })
  }

  /** Answers false when there was nothing to delete. */
  remove(name: string, by: string): Promise<boolean> {
    return this.stream.inTurn(async (log, write) => {
      if (log.find(name) === undefined) return false
      await write([{ type: this.kind.deleted, name, version: log.nextVersion(name), by }])
      return true
    })
  }

  private checkRoom(log: DefinitionLog<T>, name: string, definition: T): void {
    const { noun, most, check } = this.bounds
    const { togetherBytes } = DEFINITION_LIMITS
    const before = log.find(name)
    const others = log.current.filter(other => other.name !== name)
    if (others.length >= most) throw tooMany(`There are ${most} ${noun} already, and a server has no more.`)
    const bytes =
      log.size - (before === undefined ? 0 : definitionBytesOf(before.definition)) + definitionBytesOf(definition)
    if (bytes > togetherBytes) throw tooMany(`All ${noun} together may take ${togetherBytes} bytes as JSON.`)
    check?.(definition, others)
  }
}

export function tooMany(detail: string): StoreError {
  return new StoreError('TOO_MANY_DEFINITIONS', detail)
}
