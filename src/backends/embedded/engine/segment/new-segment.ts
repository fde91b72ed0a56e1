// Makes the file of a new segment. Rule D1: it is whole and durable under a temporary name before it gets its own.
import { join } from 'node:path'
import { segmentName, temporary } from '../format/names.js'
import type { SegmentIdentity } from '../format/segment-header.js'
import { ActiveSegment, type SegmentTip } from './active-segment.js'
import type { EngineContext, EngineFiles } from './engine-context.js'
import type { SegmentBytes } from './segment-bytes.js'

/** Makes a segment in its final place, with the frames of another one where `content` names it. */
export async function createSegment(
  context: EngineContext,
  identity: SegmentIdentity,
  content?: { readonly source: SegmentBytes; readonly tip: SegmentTip },
): Promise<ActiveSegment> {
  const active = await prepareSegment(context, identity)
  return active.orClosed(async () => {
    if (content !== undefined) await active.adopt(content.source, content.tip)
    await installSegment(context.files, active)
    return active
  })
}

export async function prepareSegment(context: EngineContext, identity: SegmentIdentity): Promise<ActiveSegment> {
  const { disk, layout } = context.files
  const path = join(layout.segments, temporary(segmentName(identity.firstPosition, identity.epoch)))
  await disk.unlink(path)
  return orDiscarded(context.files, path, () => ActiveSegment.create(context, path, identity))
}

/**
 * Does the work with a prepared segment, and removes its file when the work fails: the next attempt may make a file of
 * another name, and on a full disk the room is needed. After a failure of the disk nothing is changed any more.
 */
export function discardedUnless<T>(files: EngineFiles, segment: ActiveSegment, work: () => Promise<T>): Promise<T> {
  return orDiscarded(files, segment.path, () => segment.orClosed(work))
}

async function orDiscarded<T>({ disk, latch }: EngineFiles, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // A file that cannot be removed now is removed by the next start.
    if (!latch.latched) await disk.unlink(path).catch(() => undefined)
    throw error
  }
}

/** May be called again when it found no free descriptor or no room, because what was done already is not done twice. */
export async function installSegment({ disk, layout, latch }: EngineFiles, active: ActiveSegment): Promise<void> {
  const { firstPosition, epoch } = active.identity
  const path = join(layout.segments, segmentName(firstPosition, epoch))
  // A full disk refuses the new name and changes nothing, so it is no reason to latch.
  if (active.path !== path) await latch.guardWrite(() => disk.rename(active.path, path))
  active.path = path
  await disk.syncDirectory(layout.segments)
}
