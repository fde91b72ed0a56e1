// Makes the index of a sealed segment anew from its log while the store runs: once at a time, however many readers found it wrong.
import type { KnownDamage } from './accepted-damage.js'
import { indexPath, rebuildIndex } from './load-segment.js'
import type { EngineWorld } from './recovery-world.js'
import type { SealedSegment } from './sealed-segment.js'

export class IndexRebuilds {
  private readonly running = new Map<string, Promise<void>>()

  constructor(
    private readonly world: EngineWorld,
    private readonly note: (damage: KnownDamage) => void,
  ) {}

  /** Resolves with the rebuild that is on its way already, if there is one: both would write the same file. */
  of(segment: SealedSegment): Promise<void> {
    const path = indexPath(this.world, segment.sealed.identity)
    const running = this.running.get(path) ?? this.rebuild(segment).finally(() => this.running.delete(path))
    this.running.set(path, running)
    return running
  }

  private async rebuild(segment: SealedSegment): Promise<void> {
    const { identity, footer } = segment.sealed
    const { firstPosition, epoch } = identity
    const listed = { firstPosition, epoch, path: segment.path }
    const { postings, damage } = await rebuildIndex(this.world, { listed, source: segment.source, identity, footer })
    for (const item of damage) this.note(item)
    segment.postings = postings
  }
}
