// Follows the feed by a group's filter while a consumer waits, and puts new events into the group's window.
import type { Position, RecordedEvent } from '../contract/event.js'
import type { Follower, Sink } from '../following/follower.js'
import type { SharedEvent } from '../following/recent-events.js'
import type { GroupJournal } from './dispatch/group-journal.js'
import { groupFilterOf, isWithinGroupScope } from './group-scope.js'
import type { Window } from './state/window.js'

/** Following goes on for so long after the last consumer, because it often takes again soon. */
const LINGER_MS = 1_000

export class Arrivals implements Sink {
  readonly hasRoom = true
  private window: Window | undefined
  private follower: Follower | undefined
  private leaving: NodeJS.Timeout | undefined

  constructor(
    private readonly ledger: GroupJournal,
    private readonly onArrival: (event: RecordedEvent) => void,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Begins at the end of the window. The first events may arrive before this returns. */
  follow(): void {
    clearTimeout(this.leaving)
    this.leaving = undefined
    const { state, window, world } = this.ledger
    const { definition } = state
    if (this.window === window || definition === undefined) return
    this.end()
    this.window = window
    const follower = world.feed.follow({ filter: groupFilterOf(definition), after: window.read, sink: this })
    // The first events may have filled the window, which has ended the following already.
    if (this.window === window) this.follower = follower
    else follower.end()
  }

  /** To be called when nobody waits: following ends after LINGER_MS unless `follow` is called before. */
  rest(): void {
    if (this.window === undefined || this.leaving !== undefined) return
    this.leaving = setTimeout(() => this.end(), LINGER_MS)
    this.leaving.unref()
  }

  end(): void {
    clearTimeout(this.leaving)
    this.leaving = undefined
    this.follower?.end()
    this.follower = undefined
    this.window = undefined
  }

  /** The window holds everything that matches up to the follower's position, so that part need not be read again. */
  catchUp(): void {
    const { state, window } = this.ledger
    if (this.follower !== undefined && this.window === window) window.add([], this.follower.position, state)
  }

  event({ event, position }: SharedEvent): void {
    const { state, window } = this.ledger
    const isOurs = state.definition !== undefined && isWithinGroupScope(state.definition, event.stream)
    // The group may have begun a new window, which has not been read up to here: adding to it would leave a gap.
    if (this.window === window) window.add(isOurs ? [event] : [], position, state)
    if (window.room <= 0) this.end()
    if (isOurs) this.onArrival(event)
  }

  failed(error: unknown): void {
    this.follower = undefined
    this.end()
    this.onFailure(error)
  }

  checkpoint(_position: Position): void {}
  caughtUp(_position: Position): void {}
  fellBehind(_position: Position): void {}
}
