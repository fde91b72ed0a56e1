// Brings what is stored for a group into its window as it comes, while somebody waits for it: a follower of the feed, which finds it by what the group asks for.
import type { Position, RecordedEvent } from '../contract/event.js'
import type { Follower, Sink } from '../following/follower.js'
import type { SharedEvent } from '../following/recent-events.js'
import type { GroupJournal } from './dispatch/group-journal.js'
import { groupFilterOf, isWithinGroupScope } from './group-scope.js'
import type { Window } from './state/window.js'

/** A consumer that asks again soon finds the group still following. */
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

  /** From what the window holds on. What has come meanwhile may arrive before this returns. */
  follow(): void {
    clearTimeout(this.leaving)
    this.leaving = undefined
    const { state, window, world } = this.ledger
    const { definition } = state
    if (this.window === window || definition === undefined) return
    this.end()
    this.window = window
    const follower = world.feed.follow({ filter: groupFilterOf(definition), after: window.read, sink: this })
    if (this.window === window) this.follower = follower
    else follower.end()
  }

  /** Nobody waits for now. */
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

  /** All that matches up to where the follower has come is in the window: it need not be read again. */
  catchUp(): void {
    const { state, window } = this.ledger
    if (this.follower !== undefined && this.window === window) window.add([], this.follower.position, state)
  }

  event({ event, position }: SharedEvent): void {
    const { state, window } = this.ledger
    const isOurs = state.definition !== undefined && isWithinGroupScope(state.definition, event.stream)
    // Of a window that has been let go nothing is known but that something has come.
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
