// One projection that is kept up to date in memory, as a fold that a follower of the feed continues.
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
  /** The error it has stopped at; undefined while it goes on. */
  readonly problem: unknown
}

/** The frame made last: the state of `key`, or the whole state without keys, as of `position`. */
interface Told {
  readonly key: string
  readonly position: Position
  readonly frame: Buffer
}

/** Hears which keys change once the projection has caught up, and fetches a state only when it has room for it. */
export interface Watcher {
  /** All states there are must be sent, whatever was sent before. */
  begin(): void
  changed(key: string): void
  failed(error: unknown): void
  /** The projection is no longer kept live, or has been made anew. */
  ended(): void
}

export interface ProjectionContext {
  readonly feed: Feed
  readonly upcasters: Upcasters
  readonly onStop: (error: unknown, position: Position) => void
}

export class LiveProjection implements Sink {
  private readonly watchers = new Set<Watcher>()
  private readonly touched: ReturnType<typeof stateTouched>
  /** undefined once the state has grown too large, so that its memory is freed. */
  private fold: Fold | undefined
  private follower: Follower | undefined
  private retry: NodeJS.Timeout | undefined
  private stopped: { readonly error: unknown; readonly position: Position } | undefined
  private told: Told | undefined
  private damagedAt: Position | undefined
  private over = false
  /** Whether it has ever caught up with the log. Until then each request folds the state from history instead. */
  private upToDate = false

  /** `from` must hold everything that matches up to its position, because the follower begins behind it. */
  constructor(
    readonly projection: Projection,
    private readonly ground: ProjectionContext,
    private readonly from?: Folded,
  ) {
    this.fold = new Fold(projectionReducer(projection.definition), from)
    this.touched = stateTouched(projection.definition)
  }

  /**
   * A fold takes every event at once, so the follower has to wait only while memory is short. In an EMERGENCY of another
   * cause nothing comes but what it has to catch up with, and until it has, each request folds the whole history.
   */
  get hasRoom(): boolean {
    return !this.ground.feed.pressure.memoryIsShort
  }

  get upcasters(): Upcasters {
    return this.ground.upcasters
  }

  begin(): void {
    this.ground.feed.pressure.listen(this.goOn)
    this.follow(this.from?.position ?? 0)
  }

  /**
   * undefined until it has caught up once, unless it has stopped. The state itself, not a copy: it changes with the
   * next event. Throws when the state has grown too large.
   */
  get state(): LiveState | undefined {
    const { stopped, fold } = this
    if (fold === undefined) throw stopped?.error
    if (!this.upToDate && stopped === undefined) return undefined
    const { state, events } = fold.folded
    const { first, head } = this.ground.feed.store.status()
    return { state, events, position: this.position, first, head, problem: stopped?.error }
  }

  /** Throws the error it has stopped at for good. Calls `begin` at once if it has caught up, else as soon as it has. */
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

  /** Everything that matches up to here is in its states. */
  get position(): Position {
    const reached = this.stopped?.position ?? this.follower?.position ?? 0
    // While an event is being folded, the follower's position is still the one before it.
    return Math.max(reached, this.fold?.folded.position ?? 0)
  }

  /** The frame of one key as it is now. The last one is kept, so that all watchers of a change share its bytes. */
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
    this.ground.feed.pressure.unlisten(this.goOn)
    this.follower?.end()
    for (const watcher of this.watchers) watcher.ended()
  }

  private readonly goOn = () => {
    if (this.hasRoom) this.follower?.resume()
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

  /** Nothing to do, because `position` shows how far it has come. */
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
   * The feed reads every event, so damage it meets may lie in one that does not match. The next try reads the log by
   * the filter, as a fold does, so damage met at the same position again is final.
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
