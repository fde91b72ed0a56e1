// Opens a data directory after any crash. The log can be read afterwards, and it can be written unless it is damaged.
import { basename } from 'node:path'
import { diskErrorCode } from '../disk/disk.js'
import { EngineError } from '../disk/engine-error.js'
import { isNoSpace } from '../disk/latch.js'
import { isZero } from '../format/bytes.js'
import { parseName } from '../format/names.js'
import { type SegmentIdentity, STORE_ID_BYTES } from '../format/segment-header.js'
import { AcceptedDamage, type KnownDamage } from '../segment/accepted-damage.js'
import { type ActiveSegment, NoRoom } from '../segment/active-segment.js'
import { type Catalogue, listCatalogue, tidy } from '../segment/catalogue.js'
import type { EngineContext } from '../segment/engine-context.js'
import { type Expected, loadSealed } from '../segment/load-segment.js'
import { createSegment } from '../segment/new-segment.js'
import { UNKNOWN_END } from '../segment/scan.js'
import type { SealedSegment, Segment } from '../segment/sealed-segment.js'
import { SealedSegments } from '../segment/sealed-segments.js'
import { type Current, isKnownSealed, missingFrom, readCurrent, writeCurrent } from './current.js'
import { DamageNotes } from './damage-notes.js'
import { readDamageRecord } from './damage-record.js'
import { type Floor, finishRetiring, readFloor } from './floor.js'
import type { DamageAtStart } from './found-damage.js'
import { keepLineage, lineageOfStore, readLineage, type StoredLineage } from './lineage.js'
import { adoptTail, type JudgedTail, judgeTail, tailForReading } from './recover-tail.js'

/** What a start hands to the running log. */
export interface Recovered {
  readonly segments: RecoveredSegments
  readonly damage: RecoveredDamage
  readonly floor: Floor
  readonly head: number
  readonly start: StartFacts
  /** Begins the segment that could not be begun; set only when a full disk alone keeps the log from being written. */
  readonly resume?: () => Promise<ActiveSegment | undefined>
}

export interface RecoveredSegments {
  readonly sealed: SealedSegments
  /** undefined when the log may only be read. */
  readonly active: ActiveSegment | undefined
  /** The segment that would be active, when the log may only be read. */
  readonly tail: Segment | undefined
}

export interface RecoveredDamage extends DamageAtStart {
  /** Damage that no operator has accepted. While there is any, the log may only be read. */
  readonly unaccepted: readonly KnownDamage[]
}

interface StartFacts {
  readonly epoch: number
  readonly lineage: StoredLineage
  /** True when the last writer stopped in good order. */
  readonly clean: boolean
  readonly tornBytes: number
}

/** How many sealed segments are verified in full at each start (C7). */
const VERIFIED_AT_START = 2

export async function prepareDirectories(context: EngineContext): Promise<void> {
  const { disk, layout } = context.files
  for (const directory of [layout.root, layout.segments, layout.archive, layout.quarantine])
    await disk.makeDirectory(directory)
}

/** `importing` opens what an unfinished import left, for the import that completes it. Otherwise that is refused. */
export async function recover(context: EngineContext, importing = false): Promise<Recovered> {
  const { disk, layout } = context.files
  const floor = await readFloor(context.files)
  const catalogue = await listCatalogue(disk, layout)
  if (!importing && catalogue.unknown.includes(layout.importing))
    throw new EngineError('unfinished_import', `${layout.root} holds a part of the events of an import`)
  for (const path of catalogue.unknown) context.observer.warned('unknown file left alone', path)
  for (const path of catalogue.late) context.observer.warned('segment of a replaced owner left alone', path)
  await tidy(disk, layout, { ...catalogue, leftovers: [] })
  const current = await readCurrent(context.files, path => context.observer.warned('CURRENT is damaged', path))
  const loaded = await loadAll(context, catalogue, floor, current)
  const accepted = await AcceptedDamage.load(disk, layout.accepted)
  const found = [...loaded.damage, ...missingTail(context, catalogue, loaded.next, current)]
  const recorded = await readDamageRecord(disk, layout)
  const damage = together(found, recorded)
  const open = found.filter(item => !accepted.covers(item))
  const unaccepted = together(open, recorded)
  for (const item of damage) context.observer.damaged(item)
  const epoch = Math.max(catalogue.greatestEpoch, current?.epoch ?? 0) + 1
  const identity = identityOf(context, loaded)
  const warnOfLineage = (path: string) => context.observer.warned('LINEAGE is damaged; a new one begins', path)
  const lineage =
    (await readLineage(context.files, context, warnOfLineage)) ?? lineageOfStore(identity.storeId, context)
  const start = { epoch, lineage, clean: false, tornBytes: 0 }
  const known = { loaded, damage: { found: damage, recorded, accepted, unaccepted }, floor, identity, start }
  if (unaccepted.length > 0) return readOnly(context, known)
  const leftovers = catalogue.leftovers.filter(path => !isReplaced(path))
  if (leftovers.length > 0) await tidy(disk, layout, { ...catalogue, leftovers })
  await finishRetiring(context.files, floor, firstOf(loaded.sealed))
  const writable = async () => {
    const recovered = await makeWritable(context, known)
    await recovered.segments.active?.orClosed(() => removeReplaced(context, catalogue))
    return recovered
  }
  try {
    return await withReserve(context, writable)
  } catch (error) {
    if (!isNoRoom(error)) throw error
    // Reading needs no room, so the log is served, and it resumes by itself once there is some.
    return { ...(await readOnly(context, known)), resume: async () => (await writable()).segments.active }
  }
}

/** What is known of a directory before the decision whether it is written to. */
interface Known {
  readonly loaded: LoadedAll
  readonly damage: RecoveredDamage
  readonly floor: Floor
  readonly identity: StoreIdentity
  readonly start: StartFacts
}

/** What all segments of a store have in common. */
type StoreIdentity = Pick<SegmentIdentity, 'salt' | 'storeId'>

/** Merges the two lists, so that recorded damage that this start has met as well is listed once. */
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
 * Called only once the new segment is known to be durable. The file that replaced another may have a name whose sync
 * failed in an earlier process, so until now a power loss could have left only the replaced one.
 */
async function removeReplaced(context: EngineContext, catalogue: Catalogue): Promise<void> {
  const leftovers = catalogue.leftovers.filter(isReplaced)
  if (leftovers.length > 0) await tidy(context.files.disk, context.files.layout, { ...catalogue, leftovers })
}

function isNoRoom(error: unknown): boolean {
  return error instanceof NoRoom || isNoSpace(error)
}

/** When the disk is full, removes the reserve, which was written for this case, and tries again (W8). */
async function withReserve<T>(context: EngineContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isNoRoom(error)) throw error
    await context.files.disk.unlink(context.files.layout.reserve)
    await context.files.disk.syncDirectory(context.files.layout.root)
    return work()
  }
}

export interface LoadedAll {
  readonly sealed: SealedSegments
  readonly tail: JudgedTail | undefined
  readonly damage: readonly KnownDamage[]
  readonly next: Expected
}

/** `verified` is the number of the newest sealed segments of which every byte is read. */
export async function loadAll(
  context: EngineContext,
  catalogue: Catalogue,
  floor: Expected,
  current: Current | undefined,
  verified = VERIFIED_AT_START,
): Promise<LoadedAll> {
  const sealed = new SealedSegments(context.files, context.indexes)
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

/** Of the newest segment whose header can be read; the first segment of a new store is made with a random one. */
function identityOf(context: EngineContext, { sealed, tail }: LoadedAll): StoreIdentity {
  for (let at = sealed.length - 1; at >= 0; at--) {
    const { identity } = sealed.handle(at).sealed
    if (!isZero(identity.storeId)) return identity
  }
  if (tail !== undefined && !isZero(tail.identity.storeId)) return tail.identity
  return { salt: context.random(4).readUInt32LE(0), storeId: context.random(STORE_ID_BYTES) }
}

async function readOnly(context: EngineContext, { loaded, damage, floor, start }: Known): Promise<Recovered> {
  if (loaded.tail !== undefined) await syncTail(context, loaded.tail)
  const tail = loaded.tail === undefined ? undefined : tailForReading(loaded.tail)
  const segments = { sealed: loaded.sealed, active: undefined, tail }
  const head = loaded.next.nextPosition - 1
  return { segments, damage, floor, head, start }
}

const NOT_WRITABLE = new Set(['EROFS', 'EACCES', 'EPERM'])

/**
 * A tail that is served without being copied must at least outlast the next power loss, because the cache may show what
 * a killed process had only begun to write. Where nothing can be written at all, the cache shows what the disk has.
 */
async function syncTail(context: EngineContext, { listed }: JudgedTail): Promise<void> {
  try {
    const file = await context.files.disk.open(listed.path, { mode: 'write' })
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!NOT_WRITABLE.has(diskErrorCode(error) ?? '')) throw error
  }
}

async function makeWritable(context: EngineContext, known: Known): Promise<Recovered> {
  const { loaded, damage, floor } = known
  const { sealed, tail, next } = loaded
  const { active, tornBytes } = await (tail === undefined
    ? firstSegment(context, known)
    : adoptTail(context, tail, known.start.epoch))
  await active.orClosed(async () => {
    await writeCurrent(context, active.identity)
    await keepLineage(context, known.start.lineage)
  })
  const segments = { sealed, active, tail: undefined }
  const start = { ...known.start, clean: tail?.clean ?? true, tornBytes }
  return { segments, damage, floor, head: next.nextPosition - 1, start }
}

/** Begins a segment where there is none to go on with: the store is new, or its last one was sealed at a clean stop. */
async function firstSegment(
  context: EngineContext,
  { loaded, floor, identity, start }: Known,
): Promise<{ readonly active: ActiveSegment; readonly tornBytes: number }> {
  const { sealed, next } = loaded
  const before = sealed.length === 0 ? undefined : sealed.handle(sealed.length - 1)
  const active = await createSegment(context, {
    salt: identity.salt,
    storeId: identity.storeId,
    epoch: start.epoch,
    firstPosition: next.nextPosition,
    firstBatch: before?.sealed.footer.batch ?? floor.batch,
    createdMs: context.now(),
    prev: next.chain,
  })
  return { active, tornBytes: 0 }
}

export function missingTail(
  context: EngineContext,
  catalogue: Catalogue,
  next: Expected,
  current: Current | undefined,
): KnownDamage[] {
  const firstPosition = missingFrom(current, catalogue.segments)
  if (firstPosition === undefined || firstPosition < next.nextPosition) return []
  const where = context.files.layout.segments
  return [
    { firstPosition, from: next.nextPosition, to: UNKNOWN_END, where, reason: 'the segment written last is missing' },
  ]
}
