// Opens a data directory: from whatever a crash left to a log that can be read, and written unless it is damaged.
import { randomBytes } from 'node:crypto'
import { AcceptedDamage, type KnownDamage } from './accepted-damage.js'
import type { ActiveSegment } from './active-segment.js'
import { NO_HASH } from './bytes.js'
import { type Catalogue, type ListedSegment, listCatalogue, tidy } from './catalogue.js'
import { diskErrorCode } from './disk.js'
import { EngineError } from './engine-error.js'
import { type Expected, loadSealed, openSource } from './load-segment.js'
import { adoptTail, createSegment, type JudgedTail, judgeTail, tailForReading, UNKNOWN_END } from './recover-tail.js'
import type { EngineWorld } from './recovery-world.js'
import { readFacts, type SealedSegment, type Segment } from './sealed-segment.js'
import { type SegmentIdentity, STORE_ID_BYTES } from './segment-header.js'
import { DamagedFact, readFact, writeFact } from './small-file.js'

/** Where the kept log begins: behind what retention removed. */
export interface Floor extends Expected {
  readonly batch: number
}

export interface Recovered {
  readonly sealed: SealedSegment[]
  /** undefined when the log may only be read. */
  readonly active: ActiveSegment | undefined
  /** The segment that would be active, when the log may only be read. */
  readonly tail: Segment | undefined
  readonly damage: readonly KnownDamage[]
  /** Damage nobody has accepted yet: the reason for reading only. */
  readonly unaccepted: readonly KnownDamage[]
  readonly head: number
  readonly epoch: number
  readonly clean: boolean
  readonly tornBytes: number
  readonly floor: Floor
}

/** How many sealed segments are verified in full at each start (C7). */
const VERIFIED_AT_START = 2

export async function prepareDirectories(world: EngineWorld): Promise<void> {
  const { disk, layout } = world
  for (const directory of [layout.root, layout.segments, layout.archive, layout.quarantine])
    await disk.makeDirectory(directory)
}

export async function recover(world: EngineWorld): Promise<Recovered> {
  const { disk, layout } = world
  const floor = await readFloor(world)
  const catalogue = await listCatalogue(disk, layout)
  for (const path of catalogue.unknown) world.tell.noticed('unknown file left alone', path)
  await tidy(disk, layout, catalogue)
  const loaded = await loadAll(world, catalogue, floor)
  const accepted = await AcceptedDamage.load(disk, layout.accepted)
  const damage = [...loaded.damage, ...(await missingTail(world, catalogue, loaded.next))]
  const unaccepted = damage.filter(item => !accepted.covers(item))
  for (const item of damage) world.tell.damaged(item)
  const epoch = Math.max(catalogue.greatestEpoch, (await readCurrent(world))?.epoch ?? 0) + 1
  const found = { sealed: loaded.sealed, damage, unaccepted, epoch, floor }
  if (unaccepted.length > 0) return readOnly(found, loaded)
  return { ...found, ...(await makeWritable(world, loaded, epoch, floor)), tail: undefined }
}

interface LoadedAll {
  readonly sealed: SealedSegment[]
  readonly tail: JudgedTail | undefined
  readonly damage: readonly KnownDamage[]
  readonly next: Expected
}

async function loadAll(world: EngineWorld, catalogue: Catalogue, floor: Expected): Promise<LoadedAll> {
  const sealed: SealedSegment[] = []
  const damage: KnownDamage[] = []
  let next: Expected = floor
  const listed = catalogue.segments.filter(segment => segment.firstPosition >= floor.nextPosition)
  for (const [at, segment] of listed.entries()) {
    const last = at === listed.length - 1
    if (last && segment.sha256 === undefined && !(await isSealed(world, segment))) {
      const tail = await judgeTail(world, segment, next)
      damage.push(...tail.damage)
      return { sealed, tail, damage, next: { nextPosition: tail.result.nextPosition, chain: tail.result.chain } }
    }
    const verify = listed.length - at <= VERIFIED_AT_START + 1
    const loaded = await loadSealed(world, segment, next, { verify, before: listed[at + 1]?.firstPosition })
    sealed.push(loaded.segment)
    damage.push(...loaded.damage)
    next = loaded.next
  }
  return { sealed, tail: undefined, damage, next }
}

async function isSealed(world: EngineWorld, listed: ListedSegment): Promise<boolean> {
  return (await readFacts(await openSource(world, listed))).footer !== undefined
}

function readOnly(
  found: Pick<Recovered, 'sealed' | 'damage' | 'unaccepted' | 'epoch' | 'floor'>,
  loaded: LoadedAll,
): Recovered {
  const tail = loaded.tail === undefined ? undefined : tailForReading(loaded.tail)
  const head = loaded.next.nextPosition - 1
  return { ...found, active: undefined, tail, head, clean: false, tornBytes: 0 }
}

async function makeWritable(
  world: EngineWorld,
  loaded: LoadedAll,
  epoch: number,
  floor: Floor,
): Promise<Pick<Recovered, 'active' | 'head' | 'clean' | 'tornBytes'>> {
  const head = loaded.next.nextPosition - 1
  if (loaded.tail !== undefined) {
    const { active, tornBytes } = await adoptTail(world, loaded.tail, epoch)
    await writeCurrent(world, active.identity)
    return { active, head, clean: loaded.tail.clean, tornBytes }
  }
  const before = loaded.sealed.at(-1)
  const active = await createSegment(world, firstIdentity(world, { before, next: loaded.next, epoch, floor }))
  await writeCurrent(world, active.identity)
  return { active, head, clean: true, tornBytes: 0 }
}

function firstIdentity(
  world: EngineWorld,
  place: { before: SealedSegment | undefined; next: Expected; epoch: number; floor: Floor },
): SegmentIdentity {
  const { before, next, epoch, floor } = place
  const { salt, storeId } = before?.sealed.identity ?? {
    salt: randomBytes(4).readUInt32LE(0),
    storeId: randomBytes(STORE_ID_BYTES),
  }
  const firstBatch = before?.sealed.footer.batch ?? floor.batch
  return {
    salt,
    storeId,
    epoch,
    firstPosition: next.nextPosition,
    firstBatch,
    createdMs: world.now(),
    prev: next.chain,
  }
}

/** A note outside the log of which segment was written last: the only witness when that file is deleted. */
interface Current {
  readonly epoch: number
  readonly firstPosition: number
}

export async function writeCurrent(world: EngineWorld, identity: SegmentIdentity): Promise<void> {
  const current: Current = { epoch: identity.epoch, firstPosition: identity.firstPosition }
  await world.latch.guardWrite(() => writeFact(world.disk, world.layout.current, current))
}

async function readCurrent(world: EngineWorld): Promise<Current | undefined> {
  try {
    return (await readFact(world.disk, world.layout.current)) as Current | undefined
  } catch (error) {
    // It is a witness, not the log: damaged, it only stops to testify.
    if (!(error instanceof DamagedFact)) throw error
    world.tell.noticed('CURRENT is damaged', error.path)
    return undefined
  }
}

async function missingTail(world: EngineWorld, catalogue: Catalogue, next: Expected): Promise<KnownDamage[]> {
  const current = await readCurrent(world)
  if (current === undefined) return []
  const { firstPosition } = current
  const present = catalogue.segments.some(segment => segment.firstPosition >= firstPosition)
  if (present || firstPosition < next.nextPosition) return []
  const where = world.layout.segments
  return [
    { firstPosition, from: next.nextPosition, to: UNKNOWN_END, where, reason: 'the segment written last is missing' },
  ]
}

async function readFloor(world: EngineWorld): Promise<Floor> {
  try {
    const fact = (await readFact(world.disk, world.layout.floor)) as
      | { nextPosition: number; chain: string; batch: number }
      | undefined
    if (fact === undefined) return { nextPosition: 1, chain: NO_HASH, batch: 0 }
    return { nextPosition: fact.nextPosition, chain: Buffer.from(fact.chain, 'hex'), batch: fact.batch }
  } catch (error) {
    if (error instanceof DamagedFact) throw new EngineError('damaged_fact', error.message)
    throw error
  }
}

export async function writeFloor(world: EngineWorld, floor: Floor): Promise<void> {
  const { nextPosition, chain, batch } = floor
  await world.latch.guardWrite(() =>
    writeFact(world.disk, world.layout.floor, { nextPosition, chain: chain.toString('hex'), batch }),
  )
}

/** EMFILE and its kin: the disk is not at fault, and nothing was changed. */
export function isUnavailable(error: unknown): boolean {
  const code = diskErrorCode(error)
  return code === 'EMFILE' || code === 'ENFILE' || code === 'EIO' || code === 'EACCES' || code === 'EPERM'
}
