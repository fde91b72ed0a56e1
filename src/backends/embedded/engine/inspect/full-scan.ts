// Reads every byte of a data directory as a start would read it, and changes nothing.

import { EngineError } from '../disk/engine-error.js'
import { DamagedFact } from '../disk/small-file.js'
import { readCurrent } from '../recovery/current.js'
import { readDamageRecord } from '../recovery/damage-record.js'
import { type Floor, NO_FLOOR, readFloor } from '../recovery/floor.js'
import type { DamageAtStart } from '../recovery/found-damage.js'
import { type LoadedAll, loadAll, missingTail } from '../recovery/recover.js'
import { AcceptedDamage } from '../segment/accepted-damage.js'
import { type Catalogue, listCatalogue } from '../segment/catalogue.js'
import type { EngineContext } from '../segment/engine-context.js'
import { openSource } from '../segment/load-segment.js'
import { readFacts } from '../segment/sealed-segment.js'

export interface Survey {
  readonly catalogue: Catalogue
  readonly floor: Floor
  readonly loaded: LoadedAll
  /** Recorded damage is not counted as found, because reading every byte shows whether it is still there. */
  readonly damage: DamageAtStart
  /** Small files that do not have their own hash. A store whose FLOOR or ACCEPTED is among them cannot be opened. */
  readonly damagedFacts: readonly string[]
}

/** `context` should be one with a read-only disk, because this would otherwise rebuild indexes as a start does. */
export async function survey(context: EngineContext): Promise<Survey> {
  const { disk, layout } = context.files
  const damagedFacts: string[] = []
  const unless = async <T>(path: string, read: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      if (!isDamagedFact(error)) throw error
      damagedFacts.push(path)
      return otherwise()
    }
  }
  const catalogue = await listCatalogue(disk, layout)
  const floor = await unless(
    layout.floor,
    () => readFloor(context.files),
    () => likelyFloor(context, catalogue),
  )
  const accepted = await unless(
    layout.accepted,
    () => AcceptedDamage.load(disk, layout.accepted),
    async () => AcceptedDamage.none(),
  )
  const recorded = await readDamageRecord(disk, layout)
  const current = await readCurrent(context.files, path => context.observer.warned('CURRENT is damaged', path))
  const loaded = await loadAll(context, catalogue, floor, current, Number.POSITIVE_INFINITY)
  const found = [...loaded.damage, ...missingTail(context, catalogue, loaded.next, current)]
  return { catalogue, floor, loaded, damage: { found, recorded, accepted }, damagedFacts }
}

function isDamagedFact(error: unknown): boolean {
  return error instanceof DamagedFact || (error instanceof EngineError && error.refusal === 'damaged_fact')
}

/** The floor by the header of the first segment. It is the true one unless segments in front of that are missing. */
async function likelyFloor(context: EngineContext, catalogue: Catalogue): Promise<Floor> {
  const [first] = catalogue.segments
  if (first === undefined) return NO_FLOOR
  const { header } = await readFacts(await openSource(context.files.pool, first))
  if ('fault' in header) return NO_FLOOR
  // The heads of streams that are gone altogether are lost with the file, so such streams begin anew.
  const { firstPosition: nextPosition, prev: chain, firstBatch: batch } = header
  return { nextPosition, chain, batch, carried: new Map(), held: false }
}
