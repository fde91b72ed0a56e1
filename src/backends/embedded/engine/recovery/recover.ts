// Opens a data directory: from whatever a crash left to a log that can be read, and written unless it is damaged.
import { basename } from 'node:path'
import { diskErrorCode } from '../disk/disk.js'
import { EngineError } from '../disk/engine-error.js'
import { isNoDescriptor, isNoSpace } from '../disk/latch.js'
import { DamagedFact, readFact, writeFact } from '../disk/small-file.js'
import { parseName } from '../format/names.js'
import { type SegmentIdentity, STORE_ID_BYTES } from '../format/segment-header.js'
import { AcceptedDamage, type KnownDamage } from '../segment/accepted-damage.js'
import { type ActiveSegment, NoRoom } from '../segment/active-segment.js'
import { type Catalogue, type ListedSegment, listCatalogue, tidy } from '../segment/catalogue.js'
import type { EngineContext } from '../segment/engine-context.js'
import { type Expected, loadSealed } from '../segment/load-segment.js'
import { UNKNOWN_END } from '../segment/scan.js'
import type { SealedSegment, Segment } from '../segment/sealed-segment.js'
import { SealedSegments } from '../segment/sealed-segments.js'
import { finishRetiring } from '../upkeep/retain.js'
import { DamageNotes } from './damage-notes.js'
import { readDamageRecord } from './damage-record.js'
import { type Floor, readFloor } from './floor.js'
import { adoptTail, createSegment, type JudgedTail, judgeTail, tailForReading } from './recover-tail.js'

export interface Recovered {
  readonly sealed: SealedSegments
  /** undefined when the log may only be read. */
  readonly active: ActiveSegment | undefined
  /** The segment that would be active, when the log may only be read. */
  readonly tail: Segment | undefined
  readonly damage: readonly KnownDamage[]
  /** Damage nobody has accepted yet: the reason for reading only. */
  readonly unaccepted: readonly KnownDamage[]
  /** Of it, what an earlier process had found and written down. */
  readonly recorded: readonly KnownDamage[]
  readonly accepted: AcceptedDamage
  readonly head: number
  readonly epoch: number
  readonly clean: boolean
  readonly tornBytes: number
  readonly floor: Floor
  /** Set when only a full disk keeps the log from being written: begins the segment that could not be begun. */
  readonly resume?: () => Promise<ActiveSegment | undefined>
}

/** How many sealed segments are verified in full at each start (C7). */
const VERIFIED_AT_START = 2

export async function prepareDirectories(context: EngineContext): Promise<void> {
  const { disk, layout } = context
  for (const directory of [layout.root, layout.segments, layout.archive, layout.quarantine])
    await disk.makeDirectory(directory)
}

/** `importing`: half a copy is opened, by whoever completes it. For all others it is no store. */
export async function recover(context: EngineContext, importing = false): Promise<Recovered> {
  const { disk, layout } = context
  const floor = await readFloor(context)
  const catalogue = await listCatalogue(disk, layout)
  if (!importing && catalogue.unknown.includes(layout.importing))
    throw new EngineError('unfinished_import', `${layout.root} holds a part of the events of an import`)
  for (const path of catalogue.unknown) context.observer.warned('unknown file left alone', path)
  for (const path of catalogue.late) context.observer.warned('segment of a replaced owner left alone', path)
  await tidy(disk, layout, { ...catalogue, leftovers: [] })
  const current = await readCurrent(context)
  const loaded = await loadAll(context, catalogue, floor, current)
  const accepted = await AcceptedDamage.load(disk, layout.accepted)
  const found = [...loaded.damage, ...missingTail(context, catalogue, loaded.next, current)]
  const recorded = await readDamageRecord(disk, layout)
  const damage = together(found, recorded)
  const open = found.filter(item => !accepted.covers(item))
  const unaccepted = together(open, recorded)
  for (const item of damage) context.observer.damaged(item)
  const epoch = Math.max(catalogue.greatestEpoch, current?.epoch ?? 0) + 1
  const known = { sealed: loaded.sealed, damage, unaccepted, recorded, accepted, epoch, floor }
  if (unaccepted.length > 0) return readOnly(context, known, loaded)
  const leftovers = catalogue.leftovers.filter(path => !isReplaced(path))
  if (leftovers.length > 0) await tidy(disk, layout, { ...catalogue, leftovers })
  await finishRetiring(context, floor, firstOf(loaded.sealed))
  const writable = async () => {
    const made = await makeWritable(context, loaded, epoch, floor)
    await made.active?.orClosed(() => removeReplaced(context, catalogue))
    return made
  }
  try {
    return { ...known, ...(await withReserve(context, writable)), tail: undefined }
  } catch (error) {
    if (!isNoRoom(error)) throw error
    // What there is can be read meanwhile, and the log goes on by itself once there is room.
    return { ...(await readOnly(context, known, loaded)), resume: async () => (await writable()).active }
  }
}

/** What this start has met itself is not listed twice. */
function together(found: readonly KnownDamage[], recorded: readonly KnownDamage[]): KnownDamage[] {
  const notes = new DamageNotes(found, () => undefined)
  return [...found, ...recorded.filter(item => !notes.covers(item))]
}

function firstOf(sealed: SealedSegments): SealedSegment | undefined {
  return sealed.length === 0 ? undefined : sealed.handle(0)
}

function isReplaced(path: string): boolean {
  const kind = parseName(basename(path))?.kind
  return kind === 'segment' || kind === 'archive'
}

/**
 * Only once the new segment is known to be durable. The file that replaced another may bear a name whose sync failed in
 * an earlier process: until now the replaced one could be all that the next power loss leaves.
 */
async function removeReplaced(context: EngineContext, catalogue: Catalogue): Promise<void> {
  const leftovers = catalogue.leftovers.filter(isReplaced)
  if (leftovers.length > 0) await tidy(context.disk, context.layout, { ...catalogue, leftovers })
}

function isNoRoom(error: unknown): boolean {
  return error instanceof NoRoom || isNoSpace(error)
}

/** A full disk gets the reserve back, which is what it is for (W8). */
async function withReserve<T>(context: EngineContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isNoRoom(error)) throw error
    await context.disk.unlink(context.layout.reserve)
    await context.disk.syncDirectory(context.layout.root)
    return work()
  }
}

export interface LoadedAll {
  readonly sealed: SealedSegments
  readonly tail: JudgedTail | undefined
  readonly damage: readonly KnownDamage[]
  readonly next: Expected
}

/** `verified`: of how many of the newest sealed segments every byte is read. */
export async function loadAll(
  context: EngineContext,
  catalogue: Catalogue,
  floor: Expected,
  current: Current | undefined,
  verified = VERIFIED_AT_START,
): Promise<LoadedAll> {
  const sealed = new SealedSegments(context)
  const damage: KnownDamage[] = []
  let next: Expected = floor
  const listed = catalogue.segments.filter(segment => segment.firstPosition >= floor.nextPosition)
  for (const [at, segment] of listed.entries()) {
    const last = at === listed.length - 1
    if (last && segment.sha256 === undefined && !isKnownSealed(segment, current)) {
      const tail = await judgeTail(context, segment, next)
      damage.push(...tail.damage)
      return { sealed, tail, damage, next: { nextPosition: tail.result.nextPosition, chain: tail.result.chain } }
    }
    const verify = listed.length - at <= verified + 1
    const loaded = await loadSealed(context, segment, next, { verify, before: listed[at + 1]?.firstPosition })
    if (loaded.segment !== undefined) sealed.add(loaded.segment)
    damage.push(...loaded.damage)
    next = loaded.next
  }
  return { sealed, tail: undefined, damage, next }
}

/**
 * A footer alone proves nothing about the last segment: the cache may show one whose writing or cutting never reached
 * the disk, and what is built on it would be corrupt once it vanishes. This note was written after its sync had returned.
 */
function isKnownSealed({ epoch, firstPosition }: ListedSegment, current: Current | undefined): boolean {
  return current?.sealed === true && current.epoch === epoch && current.firstPosition === firstPosition
}

async function readOnly(
  context: EngineContext,
  known: Pick<Recovered, 'sealed' | 'damage' | 'unaccepted' | 'recorded' | 'accepted' | 'epoch' | 'floor'>,
  loaded: LoadedAll,
): Promise<Recovered> {
  if (loaded.tail !== undefined) await syncTail(context, loaded.tail)
  const tail = loaded.tail === undefined ? undefined : tailForReading(loaded.tail)
  const head = loaded.next.nextPosition - 1
  return { ...known, active: undefined, tail, head, clean: false, tornBytes: 0 }
}

const NOT_WRITABLE = new Set(['EROFS', 'EACCES', 'EPERM'])

/**
 * Served without being copied, the tail must at least outlast the next power loss: the cache may show what a killed
 * process had only begun to write. Where nothing can be written at all, the cache shows what the disk has.
 */
async function syncTail(context: EngineContext, { listed }: JudgedTail): Promise<void> {
  try {
    const file = await context.disk.open(listed.path, { mode: 'write' })
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!NOT_WRITABLE.has(diskErrorCode(error) ?? '')) throw error
  }
}

async function makeWritable(
  context: EngineContext,
  loaded: LoadedAll,
  epoch: number,
  floor: Floor,
): Promise<Pick<Recovered, 'active' | 'head' | 'clean' | 'tornBytes'>> {
  const head = loaded.next.nextPosition - 1
  if (loaded.tail !== undefined) {
    const { active, tornBytes } = await adoptTail(context, loaded.tail, epoch)
    await active.orClosed(() => writeCurrent(context, active.identity))
    return { active, head, clean: loaded.tail.clean, tornBytes }
  }
  const { sealed } = loaded
  const before = sealed.length === 0 ? undefined : sealed.handle(sealed.length - 1)
  const active = await createSegment(context, firstIdentity(context, { before, next: loaded.next, epoch, floor }))
  await active.orClosed(() => writeCurrent(context, active.identity))
  return { active, head, clean: true, tornBytes: 0 }
}

function firstIdentity(
  context: EngineContext,
  place: { before: SealedSegment | undefined; next: Expected; epoch: number; floor: Floor },
): SegmentIdentity {
  const { before, next, epoch, floor } = place
  const { salt, storeId } = before?.sealed.identity ?? {
    salt: context.random(4).readUInt32LE(0),
    storeId: context.random(STORE_ID_BYTES),
  }
  const firstBatch = before?.sealed.footer.batch ?? floor.batch
  return {
    salt,
    storeId,
    epoch,
    firstPosition: next.nextPosition,
    firstBatch,
    createdMs: context.now(),
    prev: next.chain,
  }
}

/** A note outside the log of which segment was written last: the only witness when that file is deleted. */
export interface Current {
  readonly epoch: number
  readonly firstPosition: number
  /** Sealed at a clean stop, and the seal is durable. */
  readonly sealed?: true
}

export async function writeCurrent(context: EngineContext, identity: SegmentIdentity, sealed = false): Promise<void> {
  const { epoch, firstPosition } = identity
  const current: Current = sealed ? { epoch, firstPosition, sealed } : { epoch, firstPosition }
  try {
    await context.latch.guardWrite(() => writeFact(context.disk, context.layout.current, current))
  } catch (error) {
    // Without the newer note the older one stands, which says less but nothing wrong.
    if (!isNoSpace(error) && !isNoDescriptor(error)) throw error
    context.observer.warned('CURRENT not written', String(error))
  }
}

export async function readCurrent(context: EngineContext): Promise<Current | undefined> {
  try {
    return (await readFact(context.disk, context.layout.current)) as Current | undefined
  } catch (error) {
    // It is a witness, not the log: damaged, it only stops to testify.
    if (!(error instanceof DamagedFact)) throw error
    context.observer.warned('CURRENT is damaged', error.path)
    return undefined
  }
}

export function missingTail(
  context: EngineContext,
  catalogue: Catalogue,
  next: Expected,
  current: Current | undefined,
): KnownDamage[] {
  if (current === undefined) return []
  const { firstPosition } = current
  // A note older than the newest segment is not about the last one: an owner that had been replaced wrote it.
  if ((catalogue.segments.at(-1)?.epoch ?? 0) > current.epoch) return []
  const present = catalogue.segments.some(segment => segment.firstPosition >= firstPosition)
  if (present || firstPosition < next.nextPosition) return []
  const where = context.layout.segments
  return [
    { firstPosition, from: next.nextPosition, to: UNKNOWN_END, where, reason: 'the segment written last is missing' },
  ]
}
