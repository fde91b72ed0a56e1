// The note outside the log of which segment was written last: without it nobody would miss that file when it is deleted.
import { isNoDescriptor, isNoSpace } from '../disk/latch.js'
import { DamagedFact, readFact, writeFact } from '../disk/small-file.js'
import type { SegmentIdentity } from '../format/segment-header.js'
import type { ListedSegment } from '../segment/catalogue.js'
import type { EngineContext, EngineFiles } from '../segment/engine-context.js'

export interface Current {
  readonly epoch: number
  readonly firstPosition: number
  /** The segment was sealed at a clean stop, and the seal is durable. */
  readonly sealed?: true
}

export async function writeCurrent(context: EngineContext, identity: SegmentIdentity, sealed = false): Promise<void> {
  const { epoch, firstPosition } = identity
  const current: Current = sealed ? { epoch, firstPosition, sealed } : { epoch, firstPosition }
  const { disk, layout, latch } = context.files
  try {
    await latch.guardWrite(() => writeFact(disk, layout.current, current))
  } catch (error) {
    // The older note stays in place. It proves less than the new one would, and nothing wrong.
    if (!isNoSpace(error) && !isNoDescriptor(error)) throw error
    context.observer.warned('CURRENT not written', String(error))
  }
}

/** undefined where there is no note, and where it is damaged: it is a witness and not the log, so a start goes on without it. */
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
 * A footer alone does not prove that the last segment is sealed: the cache may show one whose writing or cutting never
 * reached the disk, and whatever were built on it would be corrupt once it vanishes. The note is written after that sync.
 */
export function isKnownSealed({ epoch, firstPosition }: ListedSegment, current: Current | undefined): boolean {
  return current?.sealed === true && current.epoch === epoch && current.firstPosition === firstPosition
}

/** Where the segment begins that the note names, if neither that one nor a later one is there. */
export function missingFrom(current: Current | undefined, found: readonly ListedSegment[]): number | undefined {
  // An owner that had already been replaced may have written the note: then a segment bears a newer epoch.
  if (current === undefined || found.some(({ epoch }) => epoch > current.epoch)) return undefined
  return found.some(({ firstPosition }) => firstPosition >= current.firstPosition) ? undefined : current.firstPosition
}
