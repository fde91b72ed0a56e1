// Answers states of projections: from memory where that equals a fold of what the caller may read, else by folding.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { invalid, StoreError } from '../contract/errors.js'
import type { JsonValue } from '../contract/event.js'
import { isMap, ownValue } from '../definitions/merge-patch.js'
import { coversFilter } from '../folding/covers-filter.js'
import { projectionFilterOf } from '../folding/projection.js'
import { Projections, type ProjectionVersion } from '../folding/projections.service.js'
import { type ReplayAnswerDto, ReplayDto } from '../folding/replay.dto.js'
import { answerOf } from '../folding/replay-answer.js'
import { Replays } from '../folding/replays.service.js'
import { type JsonMap, KEYS_PAGE, type KeyState, keysPage } from './keys-page.js'
import type { LiveProjection } from './live-projection.js'
import { LiveProjections } from './live-projections.service.js'

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

export interface KeysAsked {
  readonly name: string
  readonly version?: number
  readonly at?: string
  /** Exclusive. */
  readonly after?: string
  readonly limit?: number
}

export interface KeysAnswer extends Omit<StateAnswer, 'key' | 'state'> {
  readonly keys: readonly KeyState[]
  /** The `after` of the next page; null when this is the last. */
  readonly next: string | null
}

/** `write` must encode the answer before it returns, because a live state changes with the next event. */
export interface StateSink<T, A = StateAnswer> {
  readonly signal: AbortSignal
  readonly write: (answer: A) => T
}

@Injectable()
export class ProjectionStates {
  constructor(
    private readonly projections: Projections,
    private readonly live: LiveProjections,
    private readonly replays: Replays,
  ) {}

  async state<T>({ key, ...asked }: StateAsked, access: Access, { signal, write }: StateSink<T>): Promise<T> {
    const projection = await this.projections.one(asked.name, asked.version)
    if (key !== undefined && projection.definition.key === undefined) throw notKeyed('/key')
    return this.whole(projection, asked.at, access, {
      signal,
      write: ({ state, ...rest }) => write({ ...rest, key, state: ofKey(state as JsonValue, key) }),
    })
  }

  /** Answers a page of states. Throws INVALID_REQUEST for a projection without keys. */
  async keys<T>(asked: KeysAsked, access: Access, { signal, write }: StateSink<T, KeysAnswer>): Promise<T> {
    const projection = await this.projections.one(asked.name, asked.version)
    if (projection.definition.key === undefined) throw notKeyed('')
    return this.whole(projection, asked.at, access, {
      signal,
      write: ({ state, ...rest }) =>
        write({ ...rest, ...keysPage(state as JsonMap, asked.after, asked.limit ?? KEYS_PAGE) }),
    })
  }

  private async whole<T>(
    projection: ProjectionVersion,
    at: string | undefined,
    access: Access,
    { signal, write }: StateSink<T, Omit<StateAnswer, 'key'>>,
  ): Promise<T> {
    const { name, version } = projection
    const says = { projection: name, version }
    if (at === undefined || at === 'head') {
      const live = await this.mayBeLive(projection, access)
      // Nothing is awaited between reading the live state and writing it, because the next event would change it.
      const state = live?.state
      if (state !== undefined) return write({ ...says, ...state, snapshot: null, damaged: [], live: true })
    }
    const replay = Object.assign(new ReplayDto(), { projection: name, version, at })
    const answer = answerOf(await this.replays.state(await this.replays.plan(replay, access), access, signal))
    return write({ ...says, ...answer, live: false, problem: undefined })
  }

  private async mayBeLive(projection: ProjectionVersion, access: Access): Promise<LiveProjection | undefined> {
    const { definition } = projection
    if (!definition.live || !coversFilter(access.within('events.read'), projectionFilterOf(definition)))
      return undefined
    return this.live.find(projection)
  }
}

function ofKey(state: JsonValue, key: string | undefined): JsonValue {
  if (key === undefined) return state
  const found = isMap(state) ? ownValue(state, key) : undefined
  if (found === undefined) throw new StoreError('NOT_FOUND', 'The projection has no state for this key at that moment.')
  return found
}

export function notKeyed(pointer: string): StoreError {
  return invalid(pointer, 'is for projections with a key only')
}
