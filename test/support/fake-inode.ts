// A file of the fake disk: what a read sees, and what of it would be lost with the power.
//
// A pending write is kept sector by sector: the durable content it replaced, and the content after each write since.
// So a crash can leave any sector at any of its versions, as caches and disks may write them back in any order.

import type { Random } from './random.js'

export const SECTOR = 512

export type CrashMode = 'lose-all' | 'keep-all' | 'random' | 'kill'

/** A write or truncation that no successful sync has covered yet. */
interface Change {
  readonly kind: 'write' | 'truncate'
  /** Where a write begins; unused by a truncation. */
  readonly from: number
  /** Where a write ends, or the length after a truncation. */
  readonly to: number
  /** A sync over it failed: the kernel holds it for clean, so no later sync writes it. */
  doomed: boolean
}

interface Step {
  readonly change: Change
  /** The sector after this change; absent while it is what a read sees. */
  after?: Uint8Array
}

interface PendingSector {
  readonly durable: Uint8Array
  readonly steps: Step[]
}

interface Fate {
  keeps(sector: number): boolean
  /** The length this change leaves a file of the given length with. */
  lengthAfter(length: number): number
}

export class FakeInode {
  /** Names and open descriptors; without either the file is gone and its space is free. */
  links = 0
  handles = 0
  lock: symbol | undefined
  length = 0
  private durableLength = 0
  /** Zero from `length` on. */
  private content: Uint8Array = new Uint8Array(0)
  /** False while a copy of this file shares the content: then the first change copies it. */
  private owned = true
  private changes: Change[] = []
  private sectors = new Map<number, PendingSector>()

  read(into: Uint8Array, position: number): number {
    const found = this.content.subarray(position, Math.min(position + into.length, this.length))
    into.set(found)
    return found.length
  }

  bytes(): Uint8Array {
    return this.content.slice(0, this.length)
  }

  write(position: number, data: Uint8Array): void {
    if (data.length === 0) return
    const change: Change = { kind: 'write', from: position, to: position + data.length, doomed: false }
    this.changes.push(change)
    this.remember(change, position, change.to)
    this.put(position, data)
  }

  /** As through O_DSYNC: the bytes and the length needed to read them are durable, and nothing else need be. */
  writeDurably(position: number, data: Uint8Array): void {
    if (this.changes.some(change => change.kind === 'truncate' && !change.doomed)) {
      // The journal entry that carries the new length carries the truncation before it too.
      this.write(position, data)
      this.sync()
      return
    }
    if (data.length === 0) return
    this.put(position, data)
    const end = position + data.length
    for (let sector = sectorOf(position); sector <= sectorOf(end - 1); sector++) this.sectors.delete(sector)
    this.durableLength = Math.max(this.durableLength, end)
    // A truncation whose sync failed cannot cut off what became durable after it.
    this.changes = this.changes.filter(change => change.kind === 'write')
  }

  /** The length changes at once for readers, and durably with the next sync: O_DSYNC covers writes only. */
  truncate(length: number): void {
    const change: Change = { kind: 'truncate', from: length, to: length, doomed: false }
    this.changes.push(change)
    if (length < this.length) this.remember(change, length, this.length)
    this.own(Math.max(length, this.length))
    this.content.fill(0, length, this.length)
    this.length = length
  }

  /** A page that was written again since its failed sync is written back whole; one that was not never is. */
  sync(): void {
    for (const [index, { steps }] of this.sectors) {
      if (steps.some(step => !step.change.doomed)) this.sectors.delete(index)
    }
    for (const change of this.changes) {
      if (!change.doomed) this.durableLength = lengthAfter(change, this.durableLength)
    }
    const lastSynced = this.changes.findLastIndex(change => !change.doomed)
    const lastCut = this.changes.findLastIndex(change => !change.doomed && change.kind === 'truncate')
    this.changes = this.changes.filter(
      (change, index) => change.doomed && index > (change.kind === 'truncate' ? lastSynced : lastCut),
    )
  }

  failSync(): void {
    for (const change of this.changes) change.doomed = true
  }

  hasPending(): boolean {
    return this.changes.length > 0 || this.sectors.size > 0
  }

  /** What the next power-up finds. */
  crash(random: Random, mode: Exclude<CrashMode, 'kill'>): void {
    const fates = new Map(this.changes.map(change => [change, fateOf(change, random, mode)]))
    let length = this.durableLength
    for (const fate of fates.values()) length = fate.lengthAfter(length)
    const seen = this.length
    this.own(Math.max(seen, length))
    for (const [index, { durable, steps }] of this.sectors) {
      const kept = steps.findLast(step => fates.get(step.change)?.keeps(index) === true)
      if (kept?.after) this.putSector(index, kept.after)
      else if (!kept) this.putSector(index, durable)
    }
    this.content.fill(0, length)
    this.length = length
    this.settle()
  }

  /** Damage from outside the model: content and length as given, all of it durable. */
  replace(bytes: Uint8Array): void {
    // Not slice, which on a Buffer would share the caller's memory.
    this.content = new Uint8Array(bytes)
    this.owned = true
    this.length = bytes.length
    this.settle()
  }

  /** The same file with the same pending changes, without links, descriptors or lock; content is shared until changed. */
  copy(): FakeInode {
    const copy = new FakeInode()
    const copied = new Map<Change, Change>()
    const copyOf = (change: Change): Change => {
      const known = copied.get(change) ?? { ...change }
      copied.set(change, known)
      return known
    }
    this.owned = false
    copy.owned = false
    copy.content = this.content
    copy.length = this.length
    copy.durableLength = this.durableLength
    copy.changes = this.changes.map(copyOf)
    for (const [index, { durable, steps }] of this.sectors) {
      copy.sectors.set(index, { durable, steps: steps.map(step => ({ ...step, change: copyOf(step.change) })) })
    }
    return copy
  }

  private settle(): void {
    this.durableLength = this.length
    this.changes = []
    this.sectors.clear()
  }

  /** Before a change: keeps what each touched sector held, durably or after the change before. */
  private remember(change: Change, from: number, to: number): void {
    for (let index = sectorOf(from); index <= sectorOf(to - 1); index++) {
      const now = this.sector(index)
      const pending = this.sectors.get(index) ?? { durable: now, steps: [] }
      const last = pending.steps.at(-1)
      if (last) last.after = now
      pending.steps.push({ change })
      this.sectors.set(index, pending)
    }
  }

  private sector(index: number): Uint8Array {
    const bytes = new Uint8Array(SECTOR)
    bytes.set(this.content.subarray(index * SECTOR, (index + 1) * SECTOR))
    return bytes
  }

  private putSector(index: number, bytes: Uint8Array): void {
    const start = index * SECTOR
    if (start < this.content.length) this.content.set(bytes.subarray(0, this.content.length - start), start)
  }

  private put(position: number, data: Uint8Array): void {
    const end = position + data.length
    this.own(end)
    this.content.set(data, position)
    this.length = Math.max(this.length, end)
  }

  private own(atLeast: number): void {
    if (this.owned && atLeast <= this.content.length) return
    const grown = atLeast > this.content.length
    const bytes = new Uint8Array(grown ? Math.max(atLeast, this.content.length * 2) : this.content.length)
    bytes.set(this.content)
    this.content = bytes
    this.owned = true
  }
}

function sectorOf(position: number): number {
  return Math.floor(position / SECTOR)
}

function lengthAfter(change: Change, length: number): number {
  return change.kind === 'truncate' ? change.to : Math.max(length, change.to)
}

function fateOf(change: Change, random: Random, mode: CrashMode): Fate {
  if (mode === 'keep-all') return { keeps: () => true, lengthAfter: length => lengthAfter(change, length) }
  if (mode === 'lose-all') return { keeps: () => false, lengthAfter: length => length }
  const lost = random.chance(change.doomed ? 0.75 : 1 / 3)
  const torn = !lost && change.kind === 'write' && random.chance(0.5)
  const survivors = torn ? tear(change, random) : () => !lost
  const reach = reachOf(change, random, lost, torn)
  return { keeps: survivors, lengthAfter: length => (reach === undefined ? length : reachTo(change, reach, length)) }
}

function reachTo(change: Change, reach: number, length: number): number {
  return change.kind === 'truncate' ? reach : Math.max(length, reach)
}

/** A beginning of the write, or any of its sectors. */
function tear({ from, to }: Change, random: Random): (sector: number) => boolean {
  const cut = random.between(sectorOf(from), sectorOf(to - 1))
  if (random.chance(0.5)) return sector => sector < cut
  const kept = new Map<number, boolean>()
  for (let sector = sectorOf(from); sector <= sectorOf(to - 1); sector++) kept.set(sector, random.chance(0.5))
  return sector => kept.get(sector) === true
}

/** How far the length got: data and length are written apart, so zeros can be read where data was lost, and data cut off. */
function reachOf(change: Change, random: Random, lost: boolean, torn: boolean): number | undefined {
  if (change.kind === 'truncate') return lost ? undefined : change.to
  if (!lost && !torn) return change.to
  if (random.chance(lost ? 0.75 : 0.25)) return undefined
  if (random.chance(0.5)) return change.to
  const { from, to } = change
  const cut = random.between(from, to)
  return random.chance(0.5) ? cut : Math.min(to, (sectorOf(cut) + 1) * SECTOR)
}
