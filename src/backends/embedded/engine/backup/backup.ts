// Copies a store that may be in use into a backup directory. Only what is new is copied, and the last backup counts
// until all of the new one is durable.
import { basename, join } from 'node:path'
import { syncAncestors } from '../disk/ancestors.js'
import { type Disk, type DiskLock, diskErrorCode } from '../disk/disk.js'
import { inUse } from '../disk/engine-error.js'
import { type Layout, parseName } from '../format/names.js'
import type { SegmentIdentity } from '../format/segment-header.js'
import { readFloor } from '../recovery/floor.js'
import { lineageOfStore, readLineage } from '../recovery/lineage.js'
import type { ListedSegment } from '../segment/catalogue.js'
import { readFacts } from '../segment/sealed-segment.js'
import { BackupContents } from './backup-contents.js'
import { BACKUP_FORMAT, type BackupEntry, type BackupHead, type Manifest, readManifest } from './backup-manifest.js'
import type { BackupLayout } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'
import { copySealed, copyTail } from './backup-segments.js'
import { asItLies, withFile } from './copy-content.js'
import {
  chainAt,
  pathBelow,
  type SourceInventory,
  sourceIdentityOf,
  takeInventory,
  withSource,
} from './source-inventory.js'

export interface BackupContext {
  /** The store to copy, which is only read. */
  readonly source: { readonly disk: Disk; readonly layout: Layout }
  readonly target: { readonly disk: Disk; readonly layout: BackupLayout }
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly random: (length: number) => Buffer
  /** How long to wait for an idle writer to mark what it has written as durable. */
  readonly proofMs: number
  /** Shown to a process that finds the backup directory locked. */
  readonly tag: string
}

export interface BackupReport {
  readonly manifest: Manifest
  readonly copied: { readonly files: number; readonly bytes: number }
  /** Copies that were there already. */
  readonly kept: number
  /** Copies that nothing names any more, because they were retired, archived since, or of an earlier head. */
  readonly removed: number
  /** Paths in the store whose bytes are not what they were sealed as, unless that damage is accepted. */
  readonly damaged: readonly string[]
}

/** Newly sealed segments are copied before the end of the log. The rounds are limited, because the store goes on. */
const MOST_ROUNDS = 8
/** A volume that has just been formatted holds this directory, and counts as empty all the same. */
const OF_THE_VOLUME = 'lost+found'
/** The backup is given up after this many attempts in a row in which a file vanished and nothing was copied. */
const MOST_VAIN_LOOKS = 200

export async function backup(context: BackupContext): Promise<BackupReport> {
  const { disk, layout } = context.target
  const lock = await takeTarget(disk, layout, context.tag)
  try {
    const before = await readManifest(disk, layout)
    return await new BackupRun(context, await BackupContents.open(disk, layout, before)).run()
  } finally {
    await lock.release()
  }
}

/** Takes the directory of the backup, which may hold nothing else. The lock keeps out a second backup. */
async function takeTarget(disk: Disk, layout: BackupLayout, tag: string): Promise<DiskLock> {
  await refuseForeign(disk, layout)
  await disk.makeDirectory(layout.files)
  const attempt = await disk.lock(layout.sign, tag)
  if (!('lock' in attempt)) throw inUse(layout.root, attempt.holder)
  try {
    await disk.syncDirectory(layout.root)
    await syncAncestors(disk, layout.root)
    return attempt.lock
  } catch (error) {
    await attempt.lock.release()
    throw error
  }
}

async function refuseForeign(disk: Disk, layout: BackupLayout): Promise<void> {
  const names = await disk.list(layout.root)
  if (names.includes('segments') || names.includes('LOCK'))
    throw new BackupRefused('wrong_place', `${layout.root} is a data directory; a backup needs one of its own`)
  const known = [basename(layout.sign), basename(layout.files)]
  if (known.some(name => names.includes(name)) || names.every(name => name === OF_THE_VOLUME)) return
  throw new BackupRefused('wrong_place', `${layout.root} is no backup directory, and not empty`)
}

/** All that one attempt found in the store. Every file of it is copied by then. */
interface Found {
  readonly inventory: SourceInventory
  readonly identity: SegmentIdentity
  readonly files: readonly BackupEntry[]
  readonly head: BackupHead
  /** The first position that the backup has. */
  readonly first: number
}

class BackupRun {
  /** The files that this run has copied, by path, so that the next attempt does not copy them again. */
  private readonly made = new Map<string, BackupEntry>()
  private rounds = 0
  private vain = 0

  constructor(
    private readonly context: BackupContext,
    private readonly contents: BackupContents,
  ) {}

  async run(): Promise<BackupReport> {
    const begun = new Date(this.context.now()).toISOString()
    for (;;) {
      const found = await this.unlessVanished(() => this.attempt())
      if (found !== undefined) return this.complete(found, begun)
    }
  }

  /** A file that vanishes was archived or retired, or a start replaced it, so the next attempt begins anew. */
  private async unlessVanished<T>(work: () => Promise<T>): Promise<T | undefined> {
    const before = this.made.size
    try {
      return await work()
    } catch (error) {
      if (diskErrorCode(error) !== 'ENOENT') throw error
      this.vain = this.made.size > before ? 0 : this.vain + 1
      if (this.vain <= MOST_VAIN_LOOKS) return undefined
      throw new BackupRefused('unsettled', `${this.context.source.layout.root} keeps changing: ${String(error)}`)
    }
  }

  /** undefined when the store has changed so that another attempt is needed, as when a segment was sealed meanwhile. */
  private async attempt(): Promise<Found | undefined> {
    const { disk, layout } = this.context.source
    const inventory = await takeInventory(disk, layout)
    const identity = await sourceIdentityOf(disk, inventory)
    if (identity === undefined)
      throw new BackupRefused('wrong_place', `${layout.root} holds no segment that can be read`)
    await this.refuseOther(inventory, identity)
    const earlier = this.earlier(inventory)
    const before = this.made.size
    const sealed = await this.sealedOf(inventory)
    if (this.made.size > before && ++this.rounds < MOST_ROUNDS) return undefined
    const end = await this.endOf(inventory)
    if (inventory.unseen !== undefined && inventory.unseen > end.head.position)
      throw new BackupRefused('damaged', `${layout.segments}: the segment written last is missing`)
    const facts = await this.facts()
    // A floor that was raised meanwhile belongs to another set of segments, so this attempt is void.
    if ((await readFloor(this.context.source)).nextPosition !== inventory.floor) return undefined
    const now = { inventory, identity, head: end.head }
    if (earlier === undefined) return { ...now, files: [...facts, ...sealed, ...end.files], first: inventory.floor }
    const present = facts.filter(({ path }) => path !== basename(layout.floor))
    return { ...now, files: [...earlier.files, ...present, ...sealed, ...end.files], first: earlier.first }
  }

  /**
   * What the last backup has of the time before the floor, with the floor that it had, where the store gave that up only
   * because a backup has it. A restore then brings all of it back.
   */
  private earlier({ floor, held }: SourceInventory): { first: number; files: BackupEntry[] } | undefined {
    const { manifest } = this.contents
    if (!held || manifest === undefined || manifest.first >= floor) return undefined
    const files = manifest.files.filter(({ path }) => {
      const name = parseName(basename(path))
      return name === undefined ? path === 'FLOOR' : name.kind !== 'temporary' && name.firstPosition < floor
    })
    const whole = files.every(entry => entry.tail !== true && this.contents.counts(entry.path) !== undefined)
    if (whole && manifest.head.position >= floor - 1) return { first: manifest.first, files }
    const { root } = this.context.target.layout
    const why = 'the store gave up events for want of room, and this backup has only a part of them'
    throw new BackupRefused('wrong_place', `${root}: ${why}; it stays as it is, and a new one needs another directory`)
  }

  /** A backup is never replaced by one of another log, nor by one of less. */
  private async refuseOther(inventory: SourceInventory, { storeId }: SegmentIdentity): Promise<void> {
    const { manifest } = this.contents
    if (manifest === undefined) return
    const { root } = this.context.target.layout
    if (storeId.toString('hex') !== manifest.store)
      throw new BackupRefused('wrong_place', `${root} holds the backup of another store, ${manifest.store}`)
    const present = new Set(inventory.segments.map(({ firstPosition }) => firstPosition))
    for (const { path } of manifest.files) {
      const name = parseName(basename(path))
      if (name === undefined || name.kind === 'temporary' || name.firstPosition < inventory.floor) continue
      if (present.has(name.firstPosition)) continue
      if (name.firstPosition > (inventory.segments.at(-1)?.firstPosition ?? 0)) throw this.anotherLog(manifest)
      throw new BackupRefused('damaged', `${path} is missing in the store, and ${root} has it: it stays as it is`)
    }
    const { head } = manifest
    const chain = await chainAt(this.context.source.disk, inventory, head)
    if (chain !== undefined && chain !== head.chain) throw this.anotherLog(manifest)
  }

  private anotherLog({ head }: Manifest): BackupRefused {
    const what = `the log is not the one that ${this.context.target.layout.root} holds up to position ${head.position}`
    return new BackupRefused('wrong_place', `${what}: it was cut, or went on from an earlier point`)
  }

  private async sealedOf(inventory: SourceInventory): Promise<BackupEntry[]> {
    const { disk } = this.context.source
    const fresh = inventory.sealed.filter(listed => this.known(pathBelow(listed)) === undefined)
    let bytes = 0
    for (const { path } of fresh) bytes += await withFile(disk, path, file => file.size())
    if (fresh.length > 0) await this.contents.requireRoom(bytes)
    for (const listed of fresh) this.made.set(pathBelow(listed), await copySealed(disk, this.contents, listed))
    return inventory.sealed.map(listed => this.known(pathBelow(listed)) as BackupEntry)
  }

  /** Sealed segments and archives never change, so the same path has the same content. */
  private known(path: string): BackupEntry | undefined {
    const made = this.made.get(path)
    if (made !== undefined) return made
    const counted = this.contents.counts(path)
    return counted?.tail === true ? undefined : counted
  }

  private async endOf(inventory: SourceInventory): Promise<Pick<Found, 'files' | 'head'>> {
    const { source, proofMs } = this.context
    const { tail, accepted } = inventory
    if (tail === undefined) return { files: [], head: await headOfSealed(source.disk, inventory) }
    const { entry, head } = await copyTail(source.disk, this.contents, { tail, accepted }, proofMs)
    return { files: [entry], head }
  }

  private async facts(): Promise<BackupEntry[]> {
    const { disk, layout } = this.context.source
    const facts: BackupEntry[] = []
    for (const file of [layout.floor, layout.accepted, layout.damage]) {
      const path = basename(file)
      if (!(await disk.list(layout.root)).includes(path)) continue
      facts.push(
        await withFile(disk, file, async opened => {
          const length = await opened.size()
          const { bytes, sha256 } = await this.contents.add(path, asItLies(opened, length))
          return { path, bytes, sha256 }
        }),
      )
    }
    return facts
  }

  private async complete({ inventory, identity, files, head, first }: Found, begun: string): Promise<BackupReport> {
    const { epoch, firstPosition } = inventory.segments.at(-1) as ListedSegment
    const current = { epoch, firstPosition, ...(inventory.tail === undefined ? { sealed: true as const } : {}) }
    const taken = new Date(this.context.now()).toISOString()
    const store = identity.storeId.toString('hex')
    const lineage =
      (await readLineage(this.context.source, this.context)) ?? lineageOfStore(identity.storeId, this.context)
    const held = { first, head, current, lineage, files }
    const manifest = { format: BACKUP_FORMAT, store, begun, taken, ...held }
    const removed = await this.contents.complete(manifest)
    const copied = files.filter(entry => this.contents.isNew(entry))
    const damaged = files.filter(entry => entry.damaged === true && !isAccepted(entry.path, inventory.accepted))
    return {
      manifest,
      copied: { files: copied.length, bytes: copied.reduce((sum, { bytes }) => sum + bytes, 0) },
      kept: files.length - copied.length,
      removed,
      damaged: damaged.map(({ path }) => join(this.context.source.layout.root, path)),
    }
  }
}

function isAccepted(path: string, accepted: SourceInventory['accepted']): boolean {
  const name = parseName(basename(path))
  return name !== undefined && name.kind !== 'temporary' && accepted.has(name.firstPosition)
}

/** The head of a store that was stopped in good order: its last segment is sealed, and there is no other yet. */
async function headOfSealed(disk: Disk, { sealed }: SourceInventory): Promise<BackupHead> {
  const last = sealed.at(-1)
  if (last === undefined) throw new Error('there is no segment')
  const { footer, header } = await withSource(disk, last, readFacts)
  const { firstPosition: segment } = last
  if (footer !== undefined) {
    const { lastPosition: position, chain, dataEnd: end } = footer
    return { position, chain: chain.toString('hex'), segment, end }
  }
  const chain = 'fault' in header ? '' : header.prev.toString('hex')
  return { position: segment - 1, chain, segment, end: 4_096 }
}
