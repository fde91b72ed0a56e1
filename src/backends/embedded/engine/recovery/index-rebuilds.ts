// Rebuilds the index of a sealed segment from its log while the store runs. Many readers may find one index wrong at
// once, and they share one rebuild, because two would write the same file.
import type { KnownDamage } from '../segment/accepted-damage.js'
import type { EngineContext } from '../segment/engine-context.js'
import { indexPath, rebuildIndex } from '../segment/load-segment.js'
import type { SealedSegment } from '../segment/sealed-segment.js'

export class IndexRebuilds {
  private readonly running = new Map<string, Promise<void>>()
  /** First positions of segments whose rebuilt index did not help, which shows that the log itself is damaged. */
  private readonly vindicated = new Set<number>()

  constructor(
    private readonly context: EngineContext,
    private readonly note: (damage: readonly KnownDamage[]) => Promise<void>,
  ) {}

  /** Joins a rebuild that is already running. */
  of(segment: SealedSegment): Promise<void> {
    const path = indexPath(this.context.files.layout, segment.sealed.identity)
    const running = this.running.get(path) ?? this.rebuild(segment).finally(() => this.running.delete(path))
    this.running.set(path, running)
    return running
  }

  /** There is no second rebuild after one in vain, because each would read the whole segment for the same answer. */
  async inDoubt<T>(segment: SealedSegment, look: () => Promise<T | undefined>): Promise<T | undefined> {
    if (!this.vindicated.has(segment.firstPosition)) await this.of(segment)
    const found = await look()
    if (found === undefined) this.vindicated.add(segment.firstPosition)
    return found
  }

  /** The segment is in another file now, for which an index may help again. */
  forget({ firstPosition }: { readonly firstPosition: number }): void {
    this.vindicated.delete(firstPosition)
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
