// The floor, where the kept log begins. It is durable before retention removes a file, because a crash in between then
// leaves files below the floor, which the next start removes, and not a log whose beginning is missing.
import { join } from 'node:path'
import { EngineError } from '../disk/engine-error.js'
import { DamagedFact, factChunks, readFact, replaceFile } from '../disk/small-file.js'
import { NO_HASH } from '../format/bytes.js'
import { parseName } from '../format/names.js'
import type { EngineFiles } from '../segment/engine-context.js'
import type { Expected } from '../segment/load-segment.js'
import type { SealedSegment } from '../segment/sealed-segment.js'

/** What the first kept segment has to continue. */
export interface Floor extends Expected {
  readonly batch: number
  /** What the layer above must still know of events that are gone: by name, two numbers that only it understands. */
  readonly carried: Carried
  /** True once a segment was removed for want of room: a backup then keeps what it has of the time before. */
  readonly held: boolean
}

export type Carried = ReadonlyMap<string, readonly [number, number]>

export const NO_FLOOR: Floor = { nextPosition: 1, chain: NO_HASH, batch: 0, carried: new Map(), held: false }

export async function readFloor({ disk, layout }: Pick<EngineFiles, 'disk' | 'layout'>): Promise<Floor> {
  try {
    const fact = (await readFact(disk, layout.floor)) as
      | { nextPosition: number; chain: string; batch: number; carried: [string, [number, number]][]; held?: true }
      | undefined
    if (fact === undefined) return NO_FLOOR
    const { nextPosition, chain, batch, carried } = fact
    const held = fact.held === true
    return { nextPosition, chain: Buffer.from(chain, 'hex'), batch, carried: new Map(carried), held }
  } catch (error) {
    if (error instanceof DamagedFact) throw new EngineError('damaged_fact', error.message)
    throw error
  }
}

export async function writeFloor(files: Pick<EngineFiles, 'disk' | 'layout' | 'latch'>, floor: Floor): Promise<void> {
  const { nextPosition, chain, batch, carried, held } = floor
  const kept = { nextPosition, chain: chain.toString('hex'), batch, carried: [...carried] }
  const fact = held ? { ...kept, held } : kept
  const { disk, layout, latch } = files
  // The chunks are made before the guard, so that a floor that carries too much is refused without latching the disk.
  const chunks = factChunks(layout.floor, fact)
  await latch.guardWrite(() => replaceFile(disk, layout.floor, chunks))
}

/**
 * Removes what a crash, or a disk that refused, left of segments below the floor. The floor alone is not believed: the
 * first kept segment has to continue it, because otherwise the floor may be another store's.
 */
export async function finishRetiring(
  files: EngineFiles,
  floor: Floor,
  first: SealedSegment | undefined,
): Promise<void> {
  if (first === undefined || first.firstPosition !== floor.nextPosition) return
  if (!first.sealed.identity.prev.equals(floor.chain)) return
  await removeBelow(files, floor.nextPosition)
}

export async function removeBelow({ disk, layout }: EngineFiles, floor: number): Promise<void> {
  for (const directory of [layout.archive, layout.segments]) {
    let removed = 0
    for (const name of await disk.list(directory)) {
      const parsed = parseName(name)
      if (parsed === undefined || parsed.kind === 'temporary' || parsed.firstPosition >= floor) continue
      await disk.unlink(join(directory, name))
      removed++
    }
    if (removed > 0) await disk.syncDirectory(directory)
  }
}
