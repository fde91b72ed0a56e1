// Keeps the groups that are in memory: each is opened from the log on demand, and is never open twice.
import { consumersBefore } from '../consumers-before.js'
import { Group } from './group.js'
import type { GroupContext } from './group-journal.js'
import { readState } from './read-state.js'

/** Beyond so many groups, idle ones are closed, the one unused for longest first. */
const KEPT_OPEN = 100
/** A group is not closed within this time of its last request, because that caller may be about to use it. */
const KEPT_MS = 1_000

export class OpenGroups {
  /** In the order of their last use, because the first is closed first. */
  private readonly groups = new Map<string, Promise<Group>>()
  private readonly opened = new Map<string, Group>()
  /** When each group was last requested, as `performance.now()`. */
  private readonly used = new Map<string, number>()
  /** Groups that ended while writes were in progress. Reading one before they finish would miss them. */
  private readonly leaving = new Map<string, Promise<void>>()

  constructor(private readonly world: GroupContext) {}

  /** Also returns a group for a name that is not defined; its `definition` is undefined then. */
  group(name: string): Promise<Group> {
    this.used.set(name, performance.now())
    const held = this.groups.get(name)
    if (held !== undefined) {
      this.groups.delete(name)
      this.groups.set(name, held)
      return held
    }
    const opening = this.read(name)
    this.groups.set(name, opening)
    opening.then(
      () => this.used.set(name, performance.now()),
      () => this.forget(name),
    )
    this.letGo()
    return opening
  }

  get all(): Iterable<Group> {
    return this.opened.values()
  }

  endAll(): void {
    for (const group of [...this.opened.values()]) group.end()
  }

  private async read(name: string): Promise<Group> {
    await this.leaving.get(name)
    const { store } = this.world
    const state = await readState(store, name)
    const { definition } = state
    // They are searched for again at each opening until the whole state, which includes them, is next written.
    if (definition !== undefined && definition.consumers === undefined)
      state.definition = { ...definition, consumers: await consumersBefore(store, name, state) }
    const group = new Group(name, this.world, state, ended => this.ended(ended))
    this.opened.set(name, group)
    return group
  }

  private ended(group: Group): void {
    const { name } = group
    this.forget(name)
    this.opened.delete(name)
    const left = group.settled()
    this.leaving.set(name, left)
    void left.then(() => {
      if (this.leaving.get(name) === left) this.leaving.delete(name)
    })
  }

  private forget(name: string): void {
    this.groups.delete(name)
    this.used.delete(name)
  }

  /** Closing an idle group loses nothing, because everything it knows is in the log. */
  private letGo(): void {
    for (const name of this.groups.keys()) {
      if (this.groups.size <= KEPT_OPEN) return
      const group = this.opened.get(name)
      if (group?.idle && performance.now() - (this.used.get(name) as number) > KEPT_MS) group.end()
    }
  }
}
