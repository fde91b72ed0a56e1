// Defines and deletes the projections of the server, and finds them by name and version.
import { Injectable } from '@nestjs/common'
import { StoreError } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import type { Version } from '../definitions/definition-log.js'
import { type Defined, Definitions, tooMany } from '../definitions/definitions.js'
import { type AskedProjection, checkProjection } from './check-projection.js'
import type { ProjectionDefinition } from './projection.js'

const KIND = { stream: '$projections', defined: 'ProjectionDefined', deleted: 'ProjectionDeleted' } as const

export type ProjectionVersion = Version<ProjectionDefinition>

@Injectable()
export class Projections {
  readonly definitions: Definitions<ProjectionDefinition>

  constructor(store: EventStore) {
    const { projections: most } = DEFINITION_LIMITS
    this.definitions = new Definitions(store, KIND, { noun: 'projections', most, check: checkLive })
  }

  /** The version in force, or an older one, which is found even after deletion. Throws NOT_FOUND. */
  async one(name: string, version?: number): Promise<ProjectionVersion> {
    const { definitions } = this
    const found =
      version === undefined ? (await definitions.log()).find(name) : await definitions.findVersion(name, version)
    if (found === undefined) throw missing()
    return found
  }

  define(name: string, asked: AskedProjection, by: string): Promise<Defined<ProjectionDefinition>> {
    return this.definitions.define(name, checkProjection(name, asked), by)
  }

  async remove(name: string, by: string): Promise<void> {
    if (!(await this.definitions.remove(name, by))) throw missing()
  }
}

function checkLive({ live }: ProjectionDefinition, others: readonly ProjectionVersion[]): void {
  const { liveProjections } = DEFINITION_LIMITS
  if (!live || others.filter(({ definition }) => definition.live).length < liveProjections) return
  throw tooMany(`There are ${liveProjections} live projections already, and a server keeps no more.`)
}

function missing(): StoreError {
  return new StoreError('NOT_FOUND', 'There is no projection of this name and version.')
}
