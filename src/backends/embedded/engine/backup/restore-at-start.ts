// Puts back from a backup what a start finds damaged or gone, so that the log that it then opens is whole.
import { forgetDamageOf } from '../recovery/damage-record.js'
import { isOfSegment, type KnownDamage } from '../segment/accepted-damage.js'
import type { EngineContext } from '../segment/engine-context.js'
import { UNKNOWN_END } from '../segment/scan.js'
import { type BackupSource, type PutBack, putBack } from './restore-segment.js'

/** Returns what was put back. What could not be is warned of, and stays as it is. */
export async function restoreAtStart(
  context: EngineContext,
  source: BackupSource,
  damage: readonly KnownDamage[],
): Promise<PutBack[]> {
  const done: PutBack[] = []
  const tried = new Set<number>()
  // The newest first, because a segment is proved by the one behind it.
  for (const item of [...damage].sort((one, other) => other.firstPosition - one.firstPosition)) {
    if (done.some(({ segment }) => isOfSegment(item, segment.footer)) || tried.has(item.firstPosition)) continue
    tried.add(item.firstPosition)
    const isLost = item.from <= item.to && item.to !== UNKNOWN_END
    const first = isLost ? item.from : item.firstPosition
    // Several segments side by side may be gone.
    for (let position = isLost ? item.to : first; position >= first; ) {
      const back = await attempt(context, source, position)
      if (back === undefined) break
      done.push(back)
      position = back.segment.footer.firstPosition - 1
    }
  }
  return done
}

async function attempt(context: EngineContext, source: BackupSource, position: number): Promise<PutBack | undefined> {
  try {
    const back = await putBack(context, source, position)
    await forgetDamageOf(context.files, back.segment.footer)
    return back
  } catch (error) {
    context.observer.warned('what is damaged could not be put back', String(error))
    return undefined
  }
}
