// The damage that a running log knows of. New damage is written down first, then stops appends, and is reported last
// (N7), because a reader that heard of damage must find it again after a crash.

import type { Reserve } from '../disk/reserve.js'
import { type AcceptedDamage, describeDamage, isOfSegment, type KnownDamage } from '../segment/accepted-damage.js'
import type { EngineContext } from '../segment/engine-context.js'
import { DamageNotes } from './damage-notes.js'
import { DamageRecord } from './damage-record.js'

export interface DamageAtStart {
  readonly found: readonly KnownDamage[]
  /** The damage that an earlier process found and wrote down. */
  readonly recorded: readonly KnownDamage[]
  readonly accepted: AcceptedDamage
}

export class FoundDamage {
  private readonly notes: DamageNotes
  private readonly record: DamageRecord
  private accepted: AcceptedDamage

  constructor(
    private readonly parts: { readonly context: EngineContext; readonly reserve: Reserve },
    atStart: DamageAtStart,
    /** Makes the log take no more appends. */
    private readonly stop: (why: string) => void,
  ) {
    const { context, reserve } = parts
    this.accepted = atStart.accepted
    this.notes = new DamageNotes(atStart.found, damage => context.observer.damaged(damage))
    const failed = (error: unknown) => context.observer.warned('damage could not be written down', String(error))
    const { disk, layout } = context.files
    const kept = { disk, path: layout.damage, makeRoom: () => reserve.giveUp(), failed }
    this.record = new DamageRecord(kept, atStart.recorded)
  }

  /** The damage that the start found and that was found since. */
  get list(): readonly KnownDamage[] {
    return this.notes.list
  }

  /** Once this resolves, the caller may report the damage. */
  async note(...found: readonly KnownDamage[]): Promise<void> {
    const fresh = found.filter(damage => !this.accepted.knows(damage) && !this.isKnown(damage))
    const [first] = fresh
    if (first !== undefined) {
      await this.record.add(fresh)
      this.stop(describeDamage(first, fresh.length))
    }
    for (const damage of found) this.notes.add(damage)
  }

  /** The damage that no operator has accepted. While there is any, the log takes no append. */
  get open(): readonly KnownDamage[] {
    return this.notes.list.filter(damage => !this.accepted.knows(damage))
  }

  /** A segment is whole again. Resolves with false when its damage is still written down. */
  async forget(segment: { readonly firstPosition: number; readonly lastPosition: number }): Promise<boolean> {
    const { disk, layout } = this.parts.context.files
    const isGone = (damage: KnownDamage) => isOfSegment(damage, segment)
    if (!(await this.record.forget(isGone))) return false
    this.accepted = await this.accepted.withdraw(disk, layout.accepted, segment)
    this.notes.remove(isGone)
    return true
  }

  /** Tries once more to write what could not be written, because the disk may work again by now. */
  close(): Promise<void> {
    return this.record.catchUp()
  }

  private isKnown(damage: KnownDamage): boolean {
    return this.notes.covers(damage)
  }
}
