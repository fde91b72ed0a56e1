// The segments of a log that another writes, as its directories list them: sealed ones, and the one that still grows.
import type { Turn } from '../../contract/turns.js'
import { FOOTER_BYTES } from '../embedded/engine/format/footer.js'
import { ActivePostings } from '../embedded/engine/index/active-postings.js'
import { openIndex } from '../embedded/engine/index/sealed-postings.js'
import { type Floor, NO_FLOOR, readFloor } from '../embedded/engine/recovery/floor.js'
import type { KnownDamage } from '../embedded/engine/segment/accepted-damage.js'
import { archiveSource } from '../embedded/engine/segment/archive-bytes.js'
import { type ListedSegment, listCatalogue } from '../embedded/engine/segment/catalogue.js'
import type { EngineContext } from '../embedded/engine/segment/engine-context.js'
import {
  continues,
  identify,
  indexPath,
  loadSealed,
  openSource,
  refuseNewer,
} from '../embedded/engine/segment/load-segment.js'
import { readFacts } from '../embedded/engine/segment/sealed-segment.js'
import { SealedSegments } from '../embedded/engine/segment/sealed-segments.js'
import { GrowingList, type SegmentList } from '../embedded/engine/segment/segment-list.js'
import { indexIdentity } from '../embedded/engine/segment/segment-row.js'
import { FollowedTail, type Proof } from './followed-tail.js'

/** How many of the sealed segments written last are read in full when the log is opened, where it is proven at all. */
const PROVEN_AT_OPENING = 2

export class FollowedSegments {
  readonly sealed: SealedSegments
  tail: FollowedTail | undefined
  floor: Floor = NO_FLOOR
  /** First positions of sealed segments whose postings are in memory until their index file can be read. */
  private readonly unindexed = new Set<number>()

  constructor(
    private readonly context: EngineContext,
    private readonly proof: Proof,
    private readonly found: (damage: readonly KnownDamage[]) => void,
  ) {
    this.sealed = new SealedSegments(context.files, context.indexes)
  }

  get head(): number {
    return this.tail?.head ?? this.sealedHead
  }

  get first(): number | undefined {
    return this.sealed.first ?? this.tail?.listed.firstPosition
  }

  /** How many sealed segments are searched by postings in memory. */
  get indexesInMemory(): number {
    return this.unindexed.size
  }

  list(): SegmentList {
    return this.tail === undefined ? this.sealed : new GrowingList(this.sealed, this.tail.asSegment())
  }

  /**
   * Takes over what the directories say. The floor is read first, because it is raised before anything below it is
   * removed. What is not listed although it was known stays: it may be on its way from one directory to another.
   */
  async refresh(turn: Turn): Promise<void> {
    const { files } = this.context
    const isOpening = this.sealed.length === 0 && this.tail === undefined
    const floor = await readFloor(files)
    let { segments } = await listCatalogue(files.disk, files.layout)
    await this.retireBelow(floor)
    // A list that is made while a writer starts may lack both the file that goes and the one that comes.
    if (!this.listsTail(segments)) segments = (await listCatalogue(files.disk, files.layout)).segments
    const kept = segments.filter(({ firstPosition }) => firstPosition >= floor.nextPosition)
    for (const [at, listed] of kept.entries()) {
      if (turn.isOver) await turn.next()
      if (listed.firstPosition <= this.sealedHead) await this.follow(listed)
      else if (at < kept.length - 1 || listed.sha256 !== undefined) {
        const mayProve = this.proof === 'hashes' && (!isOpening || kept.length - at <= PROVEN_AT_OPENING + 1)
        await this.seal(listed, { verify: mayProve, before: kept[at + 1]?.firstPosition }, turn)
      } else await this.grow(listed, turn)
    }
    await this.openIndexes()
  }

  /** A sealed segment is in another file under the name it had. */
  async reload(position: number): Promise<void> {
    const index = this.sealed.countUpTo(position) - 1
    if (index < 0) return
    const { firstPosition, path, archived, sealed } = this.sealed.handle(index)
    const { pool, layout } = this.context.files
    await pool.forget(path)
    await pool.forget(indexPath(layout, sealed.identity))
    const { segments } = await listCatalogue(this.context.files.disk, layout)
    const listed = segments.find(one => one.firstPosition === firstPosition)
    if (listed === undefined || (listed.sha256 !== undefined) !== archived) return
    await this.replace(listed)
  }

  /** Frees the memory of postings whose index file is there by now. */
  async openIndexes(): Promise<void> {
    for (const firstPosition of this.unindexed) {
      const index = this.sealed.countUpTo(firstPosition) - 1
      const segment = index < 0 ? undefined : this.sealed.handle(index)
      if (segment?.firstPosition === firstPosition) {
        const { identity, footer } = segment.sealed
        const path = indexPath(this.context.files.layout, identity)
        const stored = await openIndex(path, indexIdentity(footer), this.context.indexes)
        if (stored === undefined) continue
        segment.postings = stored
      }
      this.unindexed.delete(firstPosition)
    }
  }

  private listsTail(segments: readonly ListedSegment[]): boolean {
    const first = this.tail?.listed.firstPosition
    return first === undefined || segments.some(({ firstPosition }) => firstPosition === first)
  }

  private get sealedHead(): number {
    const { length } = this.sealed
    return length === 0 ? this.floor.nextPosition - 1 : this.sealed.handle(length - 1).lastPosition
  }

  private async retireBelow(floor: Floor): Promise<void> {
    for (let { first } = this.sealed; first !== undefined && first < floor.nextPosition; { first } = this.sealed) {
      const oldest = this.sealed.handle(0)
      this.sealed.retire(oldest)
      await this.context.files.pool.forget(oldest.path)
    }
    // The follower was away for so long that what it had walked is gone.
    if ((this.tail?.listed.firstPosition ?? floor.nextPosition) < floor.nextPosition) this.tail = undefined
    this.floor = floor
  }

  /** A sealed segment that is known: it may lie in an archive by now, or be a plain file again. */
  private async follow(listed: ListedSegment): Promise<void> {
    const index = this.sealed.countUpTo(listed.firstPosition) - 1
    const segment = index < 0 ? undefined : this.sealed.handle(index)
    if (segment?.firstPosition !== listed.firstPosition || segment.path === listed.path) return
    if (listed.sha256 === undefined || segment.archived) return this.replace(listed)
    const { pool } = this.context.files
    const { packedLength } = await archiveSource(pool, listed.path)
    this.sealed.archived(segment, listed.path, { sha256: listed.sha256, packedLength })
    await pool.forget(segment.path)
  }

  private async replace(listed: ListedSegment): Promise<void> {
    const { identity } = this.sealed.handle(this.sealed.countUpTo(listed.firstPosition) - 1).sealed
    const expected = { nextPosition: listed.firstPosition, chain: identity.prev }
    const { segment } = await loadSealed(this.context, listed, expected, { verify: false, before: undefined })
    if (segment === undefined) return
    this.sealed.replace(segment)
    if (segment.postings instanceof ActivePostings) this.unindexed.add(listed.firstPosition)
  }

  /** The segment is full. What the follower has walked of it serves as its index until there is a file. */
  private async seal(
    listed: ListedSegment,
    options: { readonly verify: boolean; readonly before: number | undefined },
    turn: Turn,
  ): Promise<void> {
    const { tail } = this
    const walked = tail?.listed.path === listed.path ? await this.walked(tail, turn) : false
    if (!walked) {
      const expected = { nextPosition: this.sealedHead + 1, chain: this.sealedChain }
      const { segment, damage } = await loadSealed(this.context, listed, expected, options)
      this.found(damage)
      if (segment === undefined) return
      this.sealed.add(segment)
      if (segment.postings instanceof ActivePostings) this.unindexed.add(listed.firstPosition)
    }
    // In the turn in which it was added, because a reader in between would find it twice.
    this.tail = undefined
  }

  private async walked(tail: FollowedTail, turn: Turn): Promise<boolean> {
    const { listed, identity, postings } = tail
    const { footer } = await readFacts(await openSource(this.context.files.pool, listed))
    if (footer === undefined || !(await tail.walk(footer.lastPosition, turn))) return false
    if (footer.dataEnd !== tail.end || !footer.chain.equals(tail.chain)) return false
    const { path, epoch, firstPosition } = listed
    this.sealed.add({ path, epoch, identity, footer, length: footer.dataEnd + FOOTER_BYTES, postings })
    this.unindexed.add(firstPosition)
    return true
  }

  /** The segment that grows. A writer that was started again goes on in a new file with what it found of the old one. */
  private async grow(listed: ListedSegment, turn: Turn): Promise<void> {
    const { tail } = this
    if (tail?.listed.path === listed.path) return
    const source = await openSource(this.context.files.pool, listed)
    const facts = await readFacts(source)
    refuseNewer(facts, listed)
    const expected = { nextPosition: this.sealedHead + 1, chain: this.sealedChain }
    const identity = await identify(facts, listed, expected, source)
    if (this.proof === 'hashes' && !continues(identity, expected)) this.found([brokenLink(listed)])
    const next = new FollowedTail(this.context, listed, identity, this.proof)
    if (tail !== undefined) {
      await next.walk(tail.head, turn)
      await this.context.files.pool.forget(tail.listed.path)
    }
    this.tail = next
  }

  private get sealedChain(): Buffer {
    const { length } = this.sealed
    return length === 0 ? this.floor.chain : this.sealed.handle(length - 1).sealed.footer.chain
  }
}

function brokenLink({ firstPosition, path: where }: ListedSegment): KnownDamage {
  const reason = 'the hash chain is broken between segments'
  return { firstPosition, from: firstPosition, to: firstPosition - 1, where, reason }
}
