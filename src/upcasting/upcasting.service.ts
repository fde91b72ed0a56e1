// Defines, lists and deletes upcasters; those in force apply to every fold and upcast read that begins afterwards.
import { Injectable } from '@nestjs/common'
import { StoreError } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import type { DefinitionLog, Version } from '../definitions/definition-log.js'
import { type Defined, Definitions } from '../definitions/definitions.js'
import { checkUpcaster } from './check-upcaster.js'
import { type Show, Upcaster, type UpcasterDefinition, Upcasters } from './upcaster.js'

const KIND = { stream: '$schemas', defined: 'UpcasterDefined', deleted: 'UpcasterDeleted' } as const

@Injectable()
export class Upcasting {
  readonly definitions: Definitions<UpcasterDefinition>
  /** Cleared by every change, which alters the log object in place; `of` notices a log object that was read anew. */
  private made: { readonly of: DefinitionLog<UpcasterDefinition>; readonly upcasters: Upcasters } | undefined

  constructor(store: EventStore) {
    this.definitions = new Definitions(store, KIND, { noun: 'upcasters', most: DEFINITION_LIMITS.upcasters })
    this.definitions.stream.listeners.add(() => {
      this.made = undefined
    })
  }

  /** Answers the same object for as long as nothing changes, so callers may compare by identity. */
  async inForce(): Promise<Upcasters> {
    const log = await this.definitions.log()
    if (this.made?.of === log) return this.made.upcasters
    const upcasters = new Upcasters(
      log.current.map(({ name, version, definition }) => new Upcaster(name, version, definition)),
    )
    this.made = { of: log, upcasters }
    return upcasters
  }

  /** Answers what shows an event in the newest version of its type. Throws when damage may have taken an upcaster. */
  async latest(): Promise<Show> {
    await this.definitions.stream.assertComplete()
    const upcasters = await this.inForce()
    return event => upcasters.latest(event)
  }

  /** Answers a function that removes the listener. */
  onChange(listener: () => void): () => void {
    this.definitions.stream.listeners.add(listener)
    return () => this.definitions.stream.listeners.delete(listener)
  }

  async one(type: string): Promise<Version<UpcasterDefinition>> {
    const found = (await this.definitions.log()).find(type)
    if (found === undefined) throw missing()
    return found
  }

  define(type: string, asked: { readonly steps?: unknown }, by: string): Promise<Defined<UpcasterDefinition>> {
    return this.definitions.define(type, checkUpcaster(type, asked), by)
  }

  async remove(type: string, by: string): Promise<void> {
    if (!(await this.definitions.remove(type, by))) throw missing()
  }
}

function missing(): StoreError {
  return new StoreError('NOT_FOUND', 'There is no upcaster for this type.')
}
