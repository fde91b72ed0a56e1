// Copies segments into a backup: sealed ones as they are, the one being written up to where it is surely durable.
import { basename } from 'node:path'
import type { Disk, DiskFile } from '../disk/disk.js'
import { FOOTER_BYTES, type Footer, footerBytes, parseFooter } from '../format/footer.js'
import {
  HEADER_BLOCK_BYTES,
  headerBlock,
  markBytes,
  markSlot,
  parseHeader,
  type SegmentIdentity,
} from '../format/segment-header.js'
import type { ListedSegment } from '../segment/catalogue.js'
import type { BackupContents } from './backup-contents.js'
import type { BackupEntry, BackupHead } from './backup-manifest.js'
import { BackupRefused } from './backup-refused.js'
import { asItLies, hashContent, withFile } from './copy-content.js'
import { type FrameEnd, LiveTail } from './live-tail.js'
import { pathBelow, type SourceInventory } from './source-inventory.js'

export async function copySealed(disk: Disk, contents: BackupContents, listed: ListedSegment): Promise<BackupEntry> {
  const path = pathBelow(listed)
  return withFile(disk, listed.path, async file => {
    const bytes = await file.size()
    const found = await leftoverOf(disk, contents, { listed, file, bytes })
    if (found !== undefined) {
      await contents.adopt(path, found)
      return { path, bytes, sha256: found }
    }
    const footer = listed.sha256 === undefined ? await footerOf(file, bytes) : undefined
    const { sha256, fileHash } = await contents.add(path, asItLies(file, bytes), footer?.dataEnd ?? 0)
    const whole = listed.sha256 === undefined ? footer?.fileHash.equals(fileHash) === true : listed.sha256 === sha256
    return { path, bytes, sha256, ...(whole ? {} : { damaged: true as const }) }
  })
}

async function footerOf(file: DiskFile, size: number): Promise<Footer | undefined> {
  const bytes = Buffer.alloc(FOOTER_BYTES)
  if (size < HEADER_BLOCK_BYTES + FOOTER_BYTES || (await file.read(bytes, size - FOOTER_BYTES)) !== FOOTER_BYTES)
    return undefined
  const footer = parseFooter(bytes)
  return footer?.dataEnd === size - FOOTER_BYTES ? footer : undefined
}

/** Finds a left-over copy that, by its footer or name and by its bytes, is the same, so that it is not made again. */
async function leftoverOf(
  disk: Disk,
  contents: BackupContents,
  { listed, file, bytes }: { readonly listed: ListedSegment; readonly file: DiskFile; readonly bytes: number },
): Promise<string | undefined> {
  for (const { file: path, sha256 } of contents.leftovers(basename(listed.path))) {
    const same = await withFile(disk, path, async copy => {
      if ((await copy.size()) !== bytes) return false
      if (listed.sha256 === undefined) {
        const [own, other] = [await footerOf(copy, bytes), await footerOf(file, bytes)]
        if (own === undefined || other === undefined || !footerBytes(own).equals(footerBytes(other))) return false
      }
      const { sha256: found, fileHash } = await hashContent(asItLies(copy, bytes), bytes - FOOTER_BYTES)
      if (listed.sha256 !== undefined) return found === listed.sha256
      return found === sha256 && (await footerOf(copy, bytes))?.fileHash.equals(fileHash) === true
    })
    if (same) return sha256
  }
  return undefined
}

export interface TailCopy {
  readonly entry: BackupEntry
  readonly head: BackupHead
}

export async function copyTail(
  disk: Disk,
  contents: BackupContents,
  { tail, accepted }: { readonly tail: ListedSegment; readonly accepted: SourceInventory['accepted'] },
  proofMs: number,
): Promise<TailCopy> {
  return withFile(disk, tail.path, async file => {
    const block = Buffer.alloc(HEADER_BLOCK_BYTES)
    const identity = parseHeader(block.subarray(0, await file.read(block, 0)))
    const cut = 'fault' in identity ? 0 : await new LiveTail(file, identity).settled(proofMs)
    if ('fault' in identity || typeof cut === 'number') {
      if (!accepted.has(tail.firstPosition)) throw damagedTail(tail, typeof cut === 'number' ? cut : 0)
      return { entry: await copyDamaged(contents, tail, file), head: headBefore(tail, identity) }
    }
    const head = headAt(tail.firstPosition, cut)
    return { entry: await copyDurable(contents, tail, { file, identity, cut, head }), head }
  })
}

/** A damaged tail is refused, because its copy would take the place of one that is whole. */
function damagedTail({ path }: ListedSegment, at: number): BackupRefused {
  return new BackupRefused('damaged', `${path} is damaged at byte ${at}, and nobody has accepted that`)
}

function headAt(segment: number, { end, nextPosition, chain }: FrameEnd): BackupHead {
  return { position: nextPosition - 1, chain: chain.toString('hex'), segment, end }
}

function headBefore({ firstPosition }: ListedSegment, identity: ReturnType<typeof parseHeader>): BackupHead {
  const chain = 'fault' in identity ? '' : identity.prev.toString('hex')
  return { position: firstPosition - 1, chain, segment: firstPosition, end: HEADER_BLOCK_BYTES }
}

async function copyDamaged(contents: BackupContents, tail: ListedSegment, file: DiskFile): Promise<BackupEntry> {
  const path = pathBelow(tail)
  const bytes = await file.size()
  await contents.requireRoom(bytes)
  const { sha256 } = await contents.add(path, asItLies(file, bytes))
  return { path, bytes, sha256, tail: true, damaged: true }
}

/** Writes a mark that says how much there has to be, so that a copy that is cut off later is damaged, not torn. */
async function copyDurable(
  contents: BackupContents,
  tail: ListedSegment,
  whole: {
    readonly file: DiskFile
    readonly identity: SegmentIdentity
    readonly cut: FrameEnd
    readonly head: BackupHead
  },
): Promise<BackupEntry> {
  const { file, identity, cut, head } = whole
  const path = pathBelow(tail)
  const counted = contents.counts(path)
  if (counted?.tail === true && counted.bytes === cut.end && contents.manifest?.head.chain === head.chain)
    return counted
  await contents.requireRoom(cut.end)
  const block = headerBlock(identity)
  markBytes({ sequence: 1, clean: false, durable: cut.end, head: head.position, hash: cut.chain }).copy(
    block,
    markSlot(1),
  )
  const read = async (into: Uint8Array, at: number) => {
    const got = await file.read(into, at)
    if (at === 0) into.set(block.subarray(0, into.length))
    return got
  }
  const { sha256 } = await contents.add(path, { length: cut.end, read })
  return { path, bytes: cut.end, sha256, tail: true }
}
