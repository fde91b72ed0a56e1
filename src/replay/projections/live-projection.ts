// One projection that is kept up to date in memory: a fold that a follower of the feed goes on with.
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import type { Feed } from '../../following/feed.js'
import type { Follower, Sink } from '../../following/follower.js'
import type { SharedEvent } from '../../following/recent-events.js'
import { Fold, type Folded } from '../fold.js'
import type { Upcasters } from '../upcasting/upcaster.js'
import { filterOf, type Projection } from './projection.js'
import { projectionReducer } from './projection-reducer.js'

const RETRY_MS = 1_000

export interface LiveState extends Folded {
  readonly head: Position
  /** Why it does not go on behind its position. */
  readonly problem: unknown
}

export interface LiveGround {
  readonly feed: Feed
  readonly upcasters: Upcasters
  readonly onStop: (error: unknown, position: Position) => void
}

export class LiveProjection implements Sink {
  /** What is folded takes no room that would have to be waited for. */
  readonly hasRoom = true
  private readonly fold: Fold
  private follower: Follower | undefined
  private retry: NodeJS.Timeout | undefined
  private stopped: { readonly error: unknown; readonly position: Position } | undefined
  private damagedAt: Position | undefined
  private over = false
  /** It has once been up with the log: until then its state is made from history by whoever asks. */
  private upToDate = false

  /** `from`: everything that matches up to its position is in it. */
  constructor(
    readonly projection: Projection,
    private readonly ground: LiveGround,
    private readonly from?: Folded,
  ) {
    this.fold = new Fold(projectionReducer(projection.definition), from)
  }

  get upcasters(): Upcasters {
    return this.ground.upcasters
  }

  begin(): void {
    this.follow(this.from?.position ?? 0)
  }

  /**
   * Undefined as long as it is made from history. The state itself, not a copy: it changes with the next event. Throws
   * when its state has grown too large to be one.
   */
  get state(): LiveState | undefined {
    const { stopped, fold } = this
    if (stopped !== undefined && isTooLarge(stopped.error)) throw stopped.error
    if (!this.upToDate && stopped === undefined) return undefined
    const { state, events } = fold.folded
    const head = this.ground.feed.store.head()
    return { state, events, position: this.position, head, problem: stopped?.error }
  }

  end(): void {
    this.over = true
    clearTimeout(this.retry)
    this.follower?.end()
  }

  event({ event }: SharedEvent): void {
    this.fold.apply(this.upcasters.latest(event))
  }

  checkpoint(): void {}

  caughtUp(): void {
    this.upToDate = true
  }

  /** Its position tells how far. */
  fellBehind(): void {}

  failed(error: unknown, position: Position): void {
    if (this.over || codeOf(error) === 'CLOSED') return
    this.stopped = { error, position }
    this.ground.onStop(error, position)
    if (this.maybeNextTime(error, position)) {
      this.retry = setTimeout(() => this.follow(position), RETRY_MS).unref()
    }
  }

  /**
   * Damage that the feed has met may lie in an event that does not match: the log read by the filter tells, as it tells
   * a fold. What it says the second time stays.
   */
  private maybeNextTime(error: unknown, position: Position): boolean {
    if (codeOf(error) !== 'DATA_CORRUPT') return error instanceof StoreError && error.retryable
    const isNew = position !== this.damagedAt
    this.damagedAt = position
    return isNew
  }

  private get position(): Position {
    return this.stopped?.position ?? this.follower?.position ?? 0
  }

  private follow(after: Position): void {
    if (this.over) return
    this.stopped = undefined
    this.follower = this.ground.feed.follow({ filter: filterOf(this.projection.definition), after, sink: this })
  }
}

function isTooLarge(error: unknown): boolean {
  return codeOf(error) === 'STATE_TOO_LARGE'
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}
