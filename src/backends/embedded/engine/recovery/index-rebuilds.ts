// Makes the index of a sealed segment anew from its log while the store runs. Many readers may find one index wrong at
// once; they share one rebuild, because two would write the same file.
import type { KnownDamage } from '../segment/accepted-damage.js'
import type { EngineContext } from '../segment/engine-context.js'
import { indexPath, rebuildIndex } from '../segment/load-segment.js'
import type { SealedSegment } from '../segment/sealed-segment.js'

export class IndexRebuilds {
  private readonly running = new Map<string, Promise<void>>()
  /**
   * Segments, by first position, whose index was made anew from the log and that did not help: what it points to and
   * cannot be proven is damage of the log.
   */
  private readonly vindicated = new Set<number>()

  constructor(
    private readonly context: EngineContext,
    private readonly note: (damage: readonly KnownDamage[]) => Promise<void>,
  ) {}

  /** Joins a rebuild that is running already. */
  of(segment: SealedSegment): Promise<void> {
    const path = indexPath(this.context.files.layout, segment.sealed.identity)
    const running = this.running.get(path) ?? this.rebuild(segment).finally(() => this.running.delete(path))
    this.running.set(path, running)
    return running
  }

  /** A second rebuild in vain would read the whole segment for the same answer, once for each damaged event. */
  async inDoubt<T>(segment: SealedSegment, look: () => Promise<T | undefined>): Promise<T | undefined> {
    if (!this.vindicated.has(segment.firstPosition)) await this.of(segment)
    const found = await look()
    if (found === undefined) this.vindicated.add(segment.firstPosition)
    return found
  }

  private async rebuild(segment: SealedSegment): Promise<void> {
    const { identity, footer } = segment.sealed
    const { firstPosition, epoch } = identity
    const listed = { firstPosition, epoch, path: segment.path }
    const { postings, damage } = await rebuildIndex(this.context, { listed, source: segment.source, identity, footer })
    await this.note(damage)
    segment.postings = postings
  }
}
