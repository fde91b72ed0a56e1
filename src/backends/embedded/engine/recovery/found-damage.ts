// The damage that a running log knows of. New damage is written down first, then stops appends, and is reported last
// (N7), because a reader that heard of damage must find it again after a crash.

import type { Reserve } from '../disk/reserve.js'
import { type AcceptedDamage, describeDamage, type KnownDamage } from '../segment/accepted-damage.js'
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

  constructor(
    { context, reserve }: { readonly context: EngineContext; readonly reserve: Reserve },
    private readonly atStart: DamageAtStart,
    /** Makes the log take no more appends. */
    private readonly stop: (why: string) => void,
  ) {
    this.notes = new DamageNotes(atStart.found, damage => context.observer.damaged(damage))
    const failed = (error: unknown) => context.observer.warned('damage could not be written down', String(error))
    const { disk, layout } = context.files
    const parts = { disk, path: layout.damage, makeRoom: () => reserve.giveUp(), failed }
    this.record = new DamageRecord(parts, atStart.recorded)
  }

  /** The damage that the start found and that was found since. */
  get list(): readonly KnownDamage[] {
    return this.notes.list
  }

  /** Once this resolves, the caller may report the damage. */
  async note(...found: readonly KnownDamage[]): Promise<void> {
    const { accepted } = this.atStart
    const fresh = found.filter(damage => !accepted.knows(damage) && !this.isKnown(damage))
    const [first] = fresh
    if (first !== undefined) {
      await this.record.add(fresh)
      this.stop(describeDamage(first, fresh.length))
    }
    for (const damage of found) this.notes.add(damage)
  }

  /** Tries once more to write what could not be written, because the disk may work again by now. */
  close(): Promise<void> {
    return this.record.catchUp()
  }

  private isKnown(damage: KnownDamage): boolean {
    return this.notes.covers(damage)
  }
}
