// The damage a running log knows of. What is new is written down, then stops appends, and only then is anybody told (N7).

import type { Reserve } from '../disk/reserve.js'
import { describeDamage, type KnownDamage } from '../segment/accepted-damage.js'
import type { EngineContext } from '../segment/engine-context.js'
import { DamageNotes } from './damage-notes.js'
import { DamageRecord } from './damage-record.js'
import type { Recovered } from './recover.js'

export class FoundDamage {
  private readonly notes: DamageNotes
  private readonly record: DamageRecord

  constructor(
    { context, reserve }: { readonly context: EngineContext; readonly reserve: Reserve },
    private readonly recovered: Pick<Recovered, 'damage' | 'recorded' | 'accepted'>,
    /** No append from now on. */
    private readonly stop: (why: string) => void,
  ) {
    this.notes = new DamageNotes(recovered.damage, damage => context.observer.damaged(damage))
    const failed = (error: unknown) => context.observer.warned('damage could not be written down', String(error))
    const { disk, layout } = context
    const parts = { disk, path: layout.damage, makeRoom: () => reserve.giveUp(), failed }
    this.record = new DamageRecord(parts, recovered.recorded)
  }

  /** Found at the start and since. */
  get list(): readonly KnownDamage[] {
    return this.notes.list
  }

  /** Whoever found it may tell of it once this resolves. */
  async note(...found: readonly KnownDamage[]): Promise<void> {
    const { accepted } = this.recovered
    const fresh = found.filter(damage => !accepted.knows(damage) && !this.isKnown(damage))
    const [first] = fresh
    if (first !== undefined) {
      await this.record.add(fresh)
      this.stop(describeDamage(first, fresh.length))
    }
    for (const damage of found) this.notes.add(damage)
  }

  /** At the end: a disk that could not be written to may have come back. */
  close(): Promise<void> {
    return this.record.catchUp()
  }

  private isKnown(damage: KnownDamage): boolean {
    return this.notes.covers(damage)
  }
}
