// Puts the damaged sealed segments of a running log back from a backup, one at a time, while reads of the rest go on.
import type { Log } from '../log.js'
import { type BackupSource, type PutBack, putBack } from './restore-segment.js'

/** What keeps a segment from being put back may pass with the next backup, so it is tried again after this time. */
const AGAIN_MS = 600_000

export class DamagedRestore {
  /** By first position: when the segment may be tried again. */
  private readonly refused = new Map<number, number>()

  constructor(
    private readonly log: Log,
    private readonly source: BackupSource,
    private readonly elapsedMs: () => number = () => performance.now(),
  ) {}

  /** At most one. Resolves with undefined when there is none to put back. Rejects with what the backup lacks. */
  async step(): Promise<PutBack | undefined> {
    const { log } = this
    if (!log.owned || log.context.files.latch.latched) return undefined
    const firstPosition = this.next()
    if (firstPosition === undefined) return undefined
    this.refused.set(firstPosition, this.elapsedMs() + AGAIN_MS)
    await log.settled()
    const done = await putBack(log.context, this.source, firstPosition)
    await log.healed(done.segment)
    this.refused.delete(firstPosition)
    return done
  }

  /** A segment without a file at the start has no row, and comes back with a restore of the stopped store. */
  private next(): number | undefined {
    const sealed = this.log.sealedSegments()
    for (const { firstPosition } of this.log.openDamage) {
      const at = sealed.countUpTo(firstPosition) - 1
      if (at < 0 || sealed.handle(at).firstPosition !== firstPosition) continue
      if ((this.refused.get(firstPosition) ?? 0) <= this.elapsedMs()) return firstPosition
    }
    return undefined
  }
}
