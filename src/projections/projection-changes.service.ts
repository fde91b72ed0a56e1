// Lets callers follow live projections if they may read all their events, and limits how many follow at once.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { coversFilter } from '../folding/covers-filter.js'
import { projectionFilterOf } from '../folding/projection.js'
import { Projections } from '../folding/projections.service.js'
import { SseAnswers, type SseReader } from '../streaming/sse-answers.service.js'
import { LiveProjections } from './live-projections.service.js'
import { notKeyed } from './projection-states.service.js'
import { StateStream } from './state-stream.js'

@Injectable()
export class ProjectionChanges {
  private open = 0

  constructor(
    private readonly projections: Projections,
    private readonly live: LiveProjections,
    private readonly streams: SseAnswers,
  ) {}

  /** Follows one key, or all of them when `key` is undefined. */
  async follow(name: string, key: string | undefined, access: Access, reader: SseReader): Promise<StateStream> {
    const projection = await this.projections.one(name)
    const { definition } = projection
    if (!definition.live) throw notLive()
    if (!coversFilter(access.within('events.read'), projectionFilterOf(definition))) throw notAllowed()
    if (key !== undefined && definition.key === undefined) throw notKeyed('/key')
    const live = await this.live.find(projection)
    if (live === undefined) {
      this.live.assertOpen()
      // The projection was defined anew after it was found, so it is looked up again.
      return this.follow(name, key, access, reader)
    }
    const { followers } = DEFINITION_LIMITS
    if (this.open >= followers) {
      throw new StoreError('OVERLOADED', `Projections have ${followers} followers already`, { retryAfterSeconds: 5 })
    }
    const stream = this.streams.keep(reader, ['openReads'], problemOf => new StateStream(live, key, problemOf))
    this.open++
    stream.once('close', () => this.open--)
    try {
      live.watch(stream)
    } catch (error) {
      stream.destroy()
      throw error
    }
    return stream
  }
}

function notLive(): StoreError {
  return new StoreError('INVALID_REQUEST', 'Only a projection that is kept live can be followed: define it with live.')
}

function notAllowed(): StoreError {
  return new StoreError(
    'FORBIDDEN',
    'Only who may read every stream of a projection can follow it: its state of what you may read can be asked for.',
  )
}
