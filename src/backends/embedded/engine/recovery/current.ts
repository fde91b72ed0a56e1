// The note CURRENT of which segment was written last, without which nobody would notice that it was deleted.
import { isNoDescriptor, isNoSpace } from '../disk/latch.js'
import { DamagedFact, readFact, writeFact } from '../disk/small-file.js'
import type { SegmentIdentity } from '../format/segment-header.js'
import type { ListedSegment } from '../segment/catalogue.js'
import type { EngineContext, EngineFiles } from '../segment/engine-context.js'

export interface Current {
  readonly epoch: number
  readonly firstPosition: number
  /** True when the segment was sealed at a clean stop and the seal is durable. */
  readonly sealed?: true
}

export async function writeCurrent(context: EngineContext, identity: SegmentIdentity, sealed = false): Promise<void> {
  const { epoch, firstPosition } = identity
  const current: Current = sealed ? { epoch, firstPosition, sealed } : { epoch, firstPosition }
  const { disk, layout, latch } = context.files
  try {
    await latch.guardWrite(() => writeFact(disk, layout.current, current))
  } catch (error) {
    // The older note stays in place. It proves less than the new one would, but nothing wrong.
    if (!isNoSpace(error) && !isNoDescriptor(error)) throw error
    context.observer.warned('CURRENT not written', String(error))
  }
}

/** undefined where there is no note, and where it is damaged, because a start can go on without it. */
export async function readCurrent(
  { disk, layout }: Pick<EngineFiles, 'disk' | 'layout'>,
  damaged: (path: string) => void,
): Promise<Current | undefined> {
  try {
    return (await readFact(disk, layout.current)) as Current | undefined
  } catch (error) {
    if (!(error instanceof DamagedFact)) throw error
    damaged(error.path)
    return undefined
  }
}

/**
 * A footer alone does not prove that the last segment is sealed: the cache may show one whose write or truncation never
 * reached the disk, and a log that went on behind it would be corrupt once it vanishes. The note follows its sync.
 */
export function isKnownSealed({ epoch, firstPosition }: ListedSegment, current: Current | undefined): boolean {
  return current?.sealed === true && current.epoch === epoch && current.firstPosition === firstPosition
}

/** Where the segment that the note names begins, when neither that one nor a later one was found. */
export function missingFrom(current: Current | undefined, found: readonly ListedSegment[]): number | undefined {
  // An owner that had already been replaced may have written the note, and then a segment has a newer epoch.
  if (current === undefined || found.some(({ epoch }) => epoch > current.epoch)) return undefined
  return found.some(({ firstPosition }) => firstPosition >= current.firstPosition) ? undefined : current.firstPosition
}
