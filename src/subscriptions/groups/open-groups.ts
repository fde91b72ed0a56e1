// The groups that are in memory: each opened once from the log, let go when it has ended, and never open twice.
import { Group } from './group.js'
import type { GroupWorld } from './ledger.js'
import { readState } from './read-state.js'

/** What rests in memory beyond so many groups is let go, the one unused for longest first. */
const KEPT_OPEN = 100

export class OpenGroups {
  /** The one used last stands last. */
  private readonly groups = new Map<string, Promise<Group>>()
  private readonly opened = new Map<string, Group>()
  /** Ended, and still being written. */
  private readonly leaving = new Map<string, Promise<void>>()

  constructor(private readonly world: GroupWorld) {}

  /** Whether or not it is defined. */
  group(name: string): Promise<Group> {
    const held = this.groups.get(name)
    if (held !== undefined) {
      this.groups.delete(name)
      this.groups.set(name, held)
      return held
    }
    const opening = this.read(name)
    this.groups.set(name, opening)
    opening.catch(() => this.groups.delete(name))
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
    const state = await readState(this.world.store, name)
    const group = new Group(name, this.world, state, ended => this.ended(ended))
    this.opened.set(name, group)
    return group
  }

  private ended(group: Group): void {
    const { name } = group
    this.groups.delete(name)
    this.opened.delete(name)
    const left = group.settled().finally(() => this.leaving.delete(name))
    this.leaving.set(name, left)
  }

  /** All it knows stands in the log. */
  private letGo(): void {
    for (const name of this.groups.keys()) {
      if (this.groups.size <= KEPT_OPEN) return
      const group = this.opened.get(name)
      if (group?.idle) group.end()
    }
  }
}
