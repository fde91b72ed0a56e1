// The states of projections: from memory where that is as good as a fold for whoever asks, else folded for them.
import { Injectable } from '@nestjs/common'
import type { Access } from '../../auth/access.js'
import { StoreError } from '../../contract/errors.js'
import type { JsonValue } from '../../contract/event.js'
import { isMap, ownValue } from '../merge-patch.js'
import { Plans } from '../plans.service.js'
import { type ReplayAnswerDto, ReplayDto } from '../replay.dto.js'
import { answerOf } from '../replay-answer.js'
import { Replays } from '../replays.service.js'
import type { LiveProjection, LiveState } from './live-projection.js'
import { LiveProjections } from './live-projections.service.js'
import { maySeeLive } from './may-see-live.js'
import { filterOf } from './projection.js'
import { Projections, type ProjectionVersion } from './projections.service.js'

export interface StateAsked {
  readonly name: string
  readonly version?: number
  readonly key?: string
  readonly at?: string
}

export interface StateAnswer extends ReplayAnswerDto {
  readonly projection: string
  readonly version: number
  readonly key: string | undefined
  readonly live: boolean
  readonly problem: unknown
}

/** Where an answer goes: written at once, because a live state changes with the next event. */
export interface StateSink<T> {
  readonly signal: AbortSignal
  readonly write: (answer: StateAnswer) => T
}

@Injectable()
export class ProjectionStates {
  constructor(
    private readonly projections: Projections,
    private readonly live: LiveProjections,
    private readonly plans: Plans,
    private readonly replays: Replays,
  ) {}

  async state<T>(asked: StateAsked, access: Access, { signal, write }: StateSink<T>): Promise<T> {
    const { name, key, at } = asked
    const projection = await this.projections.one(name, asked.version)
    if (key !== undefined && projection.definition.key === undefined) throw notKeyed()
    const says = { projection: name, version: projection.version, key }
    if (at === undefined || at === 'head') {
      const live = await this.mayBeLive(projection, access)
      // Asked and written without a turn in between.
      const state = live?.state
      if (state !== undefined) return write({ ...says, ...ofLive(state, key) })
    }
    const replay = Object.assign(new ReplayDto(), { projection: name, version: projection.version, at })
    const answer = answerOf(await this.replays.state(await this.plans.plan(replay, access), access, signal))
    const state = ofKey(answer.state as JsonValue, key)
    return write({ ...says, ...answer, state, live: false, problem: undefined })
  }

  private async mayBeLive(projection: ProjectionVersion, access: Access): Promise<LiveProjection | undefined> {
    const { definition } = projection
    if (!definition.live || !maySeeLive(filterOf(definition), access.within('events.read'))) return undefined
    return this.live.find(projection)
  }
}

function ofLive({ state, position, events, head, problem }: LiveState, key: string | undefined) {
  return { state: ofKey(state, key), position, events, head, snapshot: null, damaged: [], live: true, problem }
}

function ofKey(state: JsonValue, key: string | undefined): JsonValue {
  if (key === undefined) return state
  const found = isMap(state) ? ownValue(state, key) : undefined
  if (found === undefined) throw new StoreError('NOT_FOUND', 'The projection has no state for this key at that moment.')
  return found
}

function notKeyed(): StoreError {
  const errors = [{ pointer: '/key', detail: 'is for projections with a key only' }]
  return new StoreError('INVALID_REQUEST', '/key is for projections with a key only', { errors })
}
