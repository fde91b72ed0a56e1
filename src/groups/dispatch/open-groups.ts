// The groups that are in memory: each opened once from the log, let go when it has ended, and never open twice.
import { consumersBefore } from '../consumers-before.js'
import { Group } from './group.js'
import type { GroupContext } from './group-journal.js'
import { readState } from './read-state.js'

/** What rests in memory beyond so many groups is let go, the one unused for longest first. */
const KEPT_OPEN = 100
/** Whoever has asked for a group and is about to use it must not find it gone. */
const KEPT_MS = 1_000

export class OpenGroups {
  /** The one used last stands last. */
  private readonly groups = new Map<string, Promise<Group>>()
  private readonly opened = new Map<string, Group>()
  /** When each was asked for last. */
  private readonly used = new Map<string, number>()
  /** Ended, and still being written. */
  private readonly leaving = new Map<string, Promise<void>>()

  constructor(private readonly world: GroupContext) {}

  /** Whether or not it is defined. */
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
    // Kept with the whole state, when that is written next.
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

  /** All it knows stands in the log. */
  private letGo(): void {
    for (const name of this.groups.keys()) {
      if (this.groups.size <= KEPT_OPEN) return
      const group = this.opened.get(name)
      if (group?.idle && performance.now() - (this.used.get(name) ?? 0) > KEPT_MS) group.end()
    }
  }
}
