// Makes folds apart from any replay: the one a caller wants to keep, and the one that a kept text means now.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { EventStore } from '../contract/event-store.js'
import type { Upcasters } from '../upcasting/upcaster.js'
import { Upcasting } from '../upcasting/upcasting.service.js'
import { coversFilter } from './covers-filter.js'
import {
  definitionMark,
  type FoldParts,
  foldId,
  foldText,
  type NamedFold,
  projectionParts,
  readFoldText,
  splitFoldText,
} from './fold-descriptor.js'
import { projectionReducer } from './projection-reducer.js'
import { Projections, type ProjectionVersion } from './projections.service.js'
import { type Reducer, reducerOf } from './reducers.js'
import { ReplayDto } from './replay.dto.js'
import { Replays } from './replays.service.js'

export type AskedFold = Pick<ReplayDto, 'filter' | 'reducer' | 'key' | 'projection' | 'version'>

@Injectable()
export class FoldCatalog {
  constructor(
    private readonly store: EventStore,
    private readonly replays: Replays,
    private readonly projections: Projections,
    private readonly upcasting: Upcasting,
  ) {}

  /** The fold that a replay with these fields would run for this caller; throws INVALID_REQUEST as the replay would. */
  async asked(asked: AskedFold, access: Access): Promise<NamedFold> {
    const { fold, reducer, upcasters } = await this.replays.plan(Object.assign(new ReplayDto(), asked), access)
    const named = namedFold(fold, reducer, upcasters)
    // `read` checks the filter when it is called, and a fold whose filter the store would refuse must not be kept.
    this.store.read({ filter: named.filter, limit: 1 })
    return named
  }

  /** The folds of all projections in force, for a reader of everything. Throws when damage may have taken one. */
  async ofProjections(): Promise<NamedFold[]> {
    const upcasters = await this.wholeUpcasters()
    const { definitions } = this.projections
    await definitions.stream.assertComplete()
    const { current } = await definitions.log()
    return current.map(version => ofProjection(version, undefined, upcasters))
  }

  /** The fold of a text with the upcasters in force now; undefined when this server can no longer run it. */
  async inForce(text: string): Promise<NamedFold | undefined> {
    const parts = readFoldText(text)
    return parts && this.made(parts, await this.wholeUpcasters())
  }

  /** As `inForce`, but undefined also when other upcasters are in force, because states made now would differ. */
  async same(text: string): Promise<NamedFold | undefined> {
    const fold = await this.inForce(text)
    return fold?.text === text ? fold : undefined
  }

  /** Whether this caller may read every event that can ever be in a state of the fold. */
  mayRead(text: string, access: Access): boolean {
    const parts = readFoldText(text)
    if (parts === undefined) return false
    const own = access.within('events.read')
    if (own === undefined || coversFilter(own, parts.filter)) return true
    return parts.within?.every(pattern => own.includes(pattern)) ?? false
  }

  /** Throws when damage may have taken an upcaster, because a state made without it would be wrong. */
  private async wholeUpcasters(): Promise<Upcasters> {
    await this.upcasting.definitions.stream.assertComplete()
    return this.upcasting.inForce()
  }

  private async made(parts: FoldParts, upcasters: Upcasters): Promise<NamedFold | undefined> {
    const { projection, reducer = 'merge', key, within } = parts
    if (projection === undefined)
      return namedFold({ ...parts, upcasters: upcasters.mark }, reducerOf(reducer, key), upcasters)
    const version = await this.projections.definitions.findVersion(projection.name, projection.version)
    if (version === undefined || definitionMark(version.definition) !== projection.mark) return undefined
    return ofProjection(version, within, upcasters)
  }
}

function ofProjection(
  version: ProjectionVersion,
  within: readonly string[] | undefined,
  upcasters: Upcasters,
): NamedFold {
  const parts = projectionParts(version, { upcasters: upcasters.mark, within })
  return namedFold(parts, projectionReducer(version.definition), upcasters)
}

function namedFold(parts: FoldParts, reducer: Reducer, upcasters: Upcasters): NamedFold {
  const { filter, within } = parts
  const text = foldText(parts)
  const { asked } = splitFoldText(text)
  return {
    id: foldId(text),
    text,
    asked: { id: foldId(asked), text: asked },
    reducer,
    upcasters,
    filter: within === undefined ? filter : { ...filter, within },
  }
}
