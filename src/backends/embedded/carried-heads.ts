// The heads of streams whose events retention removes: a stream goes on where it stood, whatever is left of it.

import type { Log } from './engine/log.js'
import type { Carried } from './engine/recovery/floor.js'
import type { SealedSegment } from './engine/segment/sealed-segment.js'
import { KIND } from './terms.js'
import { withSoundIndexes } from './with-index-repair.js'
import type { Assigned } from './write-view.js'

/** Streams looked up before the loop gets a turn. */
const STEP = 256

/** Revision and last position by stream: those carried so far, and those whose newest event is in the segment that goes. */
export async function carriedHeads(log: Log, assigned: Assigned, going: SealedSegment): Promise<Carried> {
  const carried = new Map(log.floor.carried)
  const streams = await withSoundIndexes(log, () => [...going.postings.texts(KIND.stream)])
  for (const [at, stream] of streams.entries()) {
    const last = await withSoundIndexes(log, () => assigned.lastOfStream(stream))
    if (last !== undefined && last.position <= going.lastPosition) carried.set(stream, [last.revision, last.position])
    else carried.delete(stream)
    if (at % STEP === STEP - 1) await new Promise(setImmediate)
  }
  return carried
}
