// One projection that is kept up to date in memory: a fold that a follower of the feed goes on with.
import { codeOf, StoreError } from '../contract/errors.js'
import type { JsonValue, Position } from '../contract/event.js'
import { isMap, ownValue } from '../definitions/merge-patch.js'
import { Fold, type Folded } from '../folding/fold.js'
import { type Projection, projectionFilterOf } from '../folding/projection.js'
import { projectionReducer, stateTouched } from '../folding/projection-reducer.js'
import type { Feed } from '../following/feed.js'
import type { Follower, Sink } from '../following/follower.js'
import type { SharedEvent } from '../following/recent-events.js'
import type { Upcasters } from '../upcasting/upcaster.js'

const RETRY_MS = 1_000

export interface LiveState extends Folded {
  readonly first: Position
  readonly head: Position
  /** Why it does not go on behind its position. */
  readonly problem: unknown
}

/** What a watcher is told of one state, the whole of a projection without keys; everything up to `position` is in it. */
interface Told {
  readonly key: string
  readonly position: Position
  readonly frame: Buffer
}

/** Is told what changes, from when it is up with the log, and asks for the state when it has room for it. */
export interface Watcher {
  /** All states there are, whatever was said before. */
  begin(): void
  changed(key: string): void
  failed(error: unknown): void
  /** It is kept no more, or in another way. */
  ended(): void
}

export interface ProjectionContext {
  readonly feed: Feed
  readonly upcasters: Upcasters
  readonly onStop: (error: unknown, position: Position) => void
}

export class LiveProjection implements Sink {
  /** What is folded takes no room that would have to be waited for. */
  readonly hasRoom = true
  private readonly watchers = new Set<Watcher>()
  private readonly touched: ReturnType<typeof stateTouched>
  /** Given up when it has grown too large. */
  private fold: Fold | undefined
  private follower: Follower | undefined
  private retry: NodeJS.Timeout | undefined
  private stopped: { readonly error: unknown; readonly position: Position } | undefined
  private told: Told | undefined
  private damagedAt: Position | undefined
  private over = false
  /** It has once been up with the log: until then its state is made from history by whoever asks. */
  private upToDate = false

  /** `from`: everything that matches up to its position is in it. */
  constructor(
    readonly projection: Projection,
    private readonly ground: ProjectionContext,
    private readonly from?: Folded,
  ) {
    this.fold = new Fold(projectionReducer(projection.definition), from)
    this.touched = stateTouched(projection.definition)
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
    if (fold === undefined) throw stopped?.error
    if (!this.upToDate && stopped === undefined) return undefined
    const { state, events } = fold.folded
    const { first, head } = this.ground.feed.store.status()
    return { state, events, position: this.position, first, head, problem: stopped?.error }
  }

  /** Throws what it has stopped at. Begun at once when it is up with the log, else as soon as it is. */
  watch(watcher: Watcher): void {
    if (this.stopped !== undefined && this.retry === undefined) throw this.stopped.error
    this.watchers.add(watcher)
    if (this.upToDate) watcher.begin()
  }

  unwatch(watcher: Watcher): void {
    this.watchers.delete(watcher)
  }

  get keys(): readonly string[] {
    const state = this.fold?.folded.state
    if (!this.isKeyed) return ['']
    return isMap(state) ? Object.keys(state) : []
  }

  /** Everything that matches up to it is in its states. */
  get position(): Position {
    const reached = this.stopped?.position ?? this.follower?.position ?? 0
    // While an event is being folded, its follower still stands before it.
    return Math.max(reached, this.fold?.folded.position ?? 0)
  }

  /** Of one key as it is now: made once for all who watch it, as long as it does not change. */
  frameOf(key: string): Buffer {
    const { position } = this
    if (this.told?.key === key && this.told.position === position) return this.told.frame
    const state = this.stateOf(key)
    const name = this.isKeyed ? { key } : undefined
    const type = state === undefined ? 'removed' : 'state'
    const frame = Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...name, position, state })}\n\n`)
    this.told = { key, position, frame }
    return frame
  }

  end(): void {
    this.over = true
    clearTimeout(this.retry)
    this.follower?.end()
    for (const watcher of this.watchers) watcher.ended()
  }

  event({ event }: SharedEvent): void {
    const upcast = this.upcasters.latest(event)
    this.fold?.apply(upcast)
    if (this.watchers.size === 0) return
    const key = this.touched(upcast)
    if (key !== undefined && this.upToDate) for (const watcher of this.watchers) watcher.changed(key)
  }

  checkpoint(): void {}

  caughtUp(): void {
    if (this.upToDate) return
    this.upToDate = true
    for (const watcher of this.watchers) watcher.begin()
  }

  /** Its position tells how far. */
  fellBehind(): void {}

  failed(error: unknown, position: Position): void {
    if (this.over || codeOf(error) === 'CLOSED') return
    this.stopped = { error, position }
    this.ground.onStop(error, position)
    if (isTooLarge(error)) {
      this.fold = undefined
      this.told = undefined
    }
    if (this.maybeNextTime(error, position)) {
      this.retry = setTimeout(() => this.follow(position), RETRY_MS).unref()
    } else {
      this.retry = undefined
      for (const watcher of this.watchers) watcher.failed(error)
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

  private get isKeyed(): boolean {
    return this.projection.definition.key !== undefined
  }

  private stateOf(key: string): JsonValue | undefined {
    const state = this.fold?.folded.state
    if (!this.isKeyed) return state
    return isMap(state) ? ownValue(state, key) : undefined
  }

  private follow(after: Position): void {
    if (this.over) return
    this.stopped = undefined
    this.retry = undefined
    this.follower = this.ground.feed.follow({
      filter: projectionFilterOf(this.projection.definition),
      after,
      sink: this,
    })
  }
}

function isTooLarge(error: unknown): boolean {
  return codeOf(error) === 'STATE_TOO_LARGE'
}
