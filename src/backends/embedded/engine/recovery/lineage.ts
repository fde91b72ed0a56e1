// The lineage of a log: an id that is the store's own at first, and that every restore renews. A reader that knows an
// older one can thus be told up to which position its copy and this log are the same.
import type { Disk } from '../disk/disk.js'
import { isNoDescriptor, isNoSpace } from '../disk/latch.js'
import { DamagedFact, readFact, writeFact } from '../disk/small-file.js'
import type { Layout } from '../format/names.js'
import { STORE_ID_BYTES } from '../format/segment-header.js'
import type { EngineContext } from '../segment/engine-context.js'

export interface StoredLineage {
  /** 32 hex digits: the id of the store until the first restore, and a random one from then on. */
  readonly id: string
  /** RFC 3339. */
  readonly since: string
  /** The lineages before it, the youngest first. Up to `fork`, each is the same log as the one that went on from it. */
  readonly ancestors: readonly { readonly id: string; readonly fork: number }[]
}

interface Source {
  readonly now: () => number
  readonly random: (length: number) => Buffer
}

function newId(random: Source['random']): string {
  return random(STORE_ID_BYTES).toString('hex')
}

function sinceOf({ now }: Pick<Source, 'now'>): string {
  return new Date(now()).toISOString()
}

/** The lineage of a store that was never restored, and of one that was last written before there were lineages. */
export function lineageOfStore(storeId: Buffer, source: Pick<Source, 'now'>): StoredLineage {
  return { id: storeId.toString('hex'), since: sinceOf(source), ancestors: [] }
}

/** The lineage of a copy that goes on from `parent` behind the position `fork`. */
export function forkOf(parent: Pick<StoredLineage, 'id' | 'ancestors'>, fork: number, source: Source): StoredLineage {
  const ancestors = [{ id: parent.id, fork }, ...parent.ancestors]
  return { id: newId(source.random), since: sinceOf(source), ancestors }
}

/**
 * undefined where there is no file. For a damaged one a lineage without ancestors, because nobody may be told that a
 * position is the one that it knows when it may be another.
 */
export async function readLineage(
  { disk, layout }: { readonly disk: Disk; readonly layout: Layout },
  source: Source,
  damaged: (path: string) => void = () => undefined,
): Promise<StoredLineage | undefined> {
  try {
    return (await readFact(disk, layout.lineage)) as StoredLineage | undefined
  } catch (error) {
    if (!(error instanceof DamagedFact)) throw error
    damaged(error.path)
    return { id: newId(source.random), since: sinceOf(source), ancestors: [] }
  }
}

/** The file says already what is written, except at the first start, and at the one after it was found damaged. */
export async function keepLineage(context: EngineContext, lineage: StoredLineage): Promise<void> {
  const { disk, layout, latch } = context.files
  try {
    const held = await readLineage(context.files, context)
    if (held?.id === lineage.id) return
    await latch.guardWrite(() => writeFact(disk, layout.lineage, lineage))
  } catch (error) {
    // Without the file the next start finds the same id in the segments, or renews it once more.
    if (!isNoSpace(error) && !isNoDescriptor(error)) throw error
    context.observer.warned('LINEAGE not written', String(error))
  }
}
