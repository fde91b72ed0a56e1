// Reads a whole segment and decides what of it can be trusted, and by rule C3 whether it is torn or corrupt.
import type { Frame, FrameFault } from '../format/frame.js'
import { FrameCursor } from './frame-cursor.js'
import type { SegmentBytes } from './segment-bytes.js'

/** Positions that cannot be served, and why. `to < from` means that bytes are damaged but no position is lost. */
export interface DamagedExtent {
  readonly from: number
  readonly to: number
  readonly offset: number
  /** The offset behind the damaged bytes. */
  readonly end: number
  readonly reason: string
}

type Extent = Pick<DamagedExtent, 'offset' | 'end'>

/** The end of a range whose bytes are lost when nobody knows how many events they held. */
export const UNKNOWN_END = Number.MAX_SAFE_INTEGER

export interface ScanStart {
  readonly offset: number
  readonly end: number
  readonly salt: number
  readonly nextPosition: number
  readonly chain: Buffer
  readonly batch: number
  /** The offset up to which bytes are known to have been durable. A bad frame before it is corrupt, not torn. */
  readonly durable: number
  /** The last position that a mark, the footer or the next segment proves; 0 when none does. */
  readonly knownHead: number
  /** True when a footer, a clean stop or the next segment shows that nothing follows `knownHead`. */
  readonly final?: boolean
  /** The chain hash at `knownHead`, for the case that the frames up to it are lost. */
  readonly knownChain?: Buffer
}

export interface ScanResult {
  /** The offset behind the last trusted frame. */
  readonly end: number
  readonly nextPosition: number
  readonly chain: Buffer
  readonly batch: number
  readonly frames: number
  readonly damaged: readonly DamagedExtent[]
  /** Where an unfinished write begins; undefined when the frames end cleanly. */
  readonly tornAt: number | undefined
}

export interface ScanVisitor {
  frame(frame: Frame): void
  /** Called for the positions `from` to `to`, which have no bytes. */
  lost(from: number, to: number): void
}

export const NO_VISITOR: ScanVisitor = { frame: () => undefined, lost: () => undefined }

export async function scan(
  source: SegmentBytes,
  start: ScanStart,
  visitor: ScanVisitor = NO_VISITOR,
): Promise<ScanResult> {
  return new Scan(source, start, visitor).run()
}

class Scan {
  private readonly cursor: FrameCursor
  private readonly damaged: DamagedExtent[] = []
  private end: number
  private nextPosition: number
  private chain: Buffer
  private batch: number
  private frames = 0
  private durable: number

  constructor(
    private readonly source: SegmentBytes,
    private readonly start: ScanStart,
    private readonly visitor: ScanVisitor,
  ) {
    this.cursor = new FrameCursor(source, start.salt, start.offset, start.end)
    this.end = start.offset
    this.nextPosition = start.nextPosition
    this.chain = start.chain
    this.batch = start.batch
    this.durable = start.durable
  }

  async run(): Promise<ScanResult> {
    for (;;) {
      const step = await this.cursor.next()
      if (step === 'end') return this.judgeEnd()
      if ('fault' in step) {
        const verdict = await this.judgeFault(step.fault, step.at)
        if (verdict !== undefined) return verdict
      } else if (!(await this.judgeFrame(step.frame))) {
        return this.finish(step.frame.offset)
      }
    }
  }

  /** Returns false when the frame is the torn end of the log. */
  private async judgeFrame(frame: Frame): Promise<boolean> {
    const faults = frame.items.filter(item => !item.intact)
    if (faults.length > 0 && !(await this.wasDurable(frame.offset, frame.end))) return false
    // No torn write makes a whole frame, so one that breaks the chain means that something was lost, doubled or moved.
    if (frame.firstPosition < this.nextPosition) {
      this.report(this.nextPosition, this.nextPosition - 1, frame, 'a frame stands twice or out of order')
      return true
    }
    this.checkLink(frame)
    this.accept(frame)
    return true
  }

  private checkLink(frame: Frame): void {
    if (frame.firstPosition > this.nextPosition)
      this.lose(frame.firstPosition - 1, { offset: frame.offset, end: frame.offset }, 'frames are missing')
    else if (!frame.prev.equals(this.chain)) {
      this.report(frame.firstPosition, frame.firstPosition - 1, frame, 'the hash chain is broken')
    } else if (frame.batch < this.batch) {
      this.report(frame.firstPosition, frame.firstPosition - 1, frame, 'batch numbers run backwards')
    }
  }

  private accept(frame: Frame): void {
    frame.items.forEach((item, at) => {
      if (item.intact) return
      const position = frame.firstPosition + at
      this.report(position, position, item, 'an event does not have the hash it was stored with')
    })
    this.visitor.frame(frame)
    this.frames++
    this.end = frame.end
    this.nextPosition = frame.firstPosition + frame.items.length
    this.chain = Buffer.from(frame.hash)
    this.batch = frame.batch
    this.durable = Math.max(this.durable, frame.durable)
  }

  /**
   * Judges bytes that are no frame: the end of the log, torn, or corrupt. Returns undefined when they are corrupt and
   * frames follow, and the scan then goes on behind them.
   */
  private async judgeFault(fault: FrameFault, at: number): Promise<ScanResult | undefined> {
    if (!(await this.wasDurable(at, at + 1))) return this.finish(fault === 'zero' ? await this.tornUnlessZero(at) : at)
    const reason = `no valid frame (${fault})`
    for (let from = at + 1; ; ) {
      const frame = await this.cursor.seek(from)
      if (frame === undefined) break
      if (frame.firstPosition >= this.nextPosition) {
        const extent = { offset: at, end: frame.offset }
        if (frame.firstPosition > this.nextPosition) this.lose(frame.firstPosition - 1, extent, reason)
        else this.report(this.nextPosition, this.nextPosition - 1, extent, reason)
        this.cursor.at = frame.offset
        this.chain = Buffer.from(frame.prev)
        return undefined
      }
      from = frame.offset + 1
    }
    const extent = { offset: at, end: this.start.end }
    if (this.start.knownHead >= this.nextPosition) this.lose(this.start.knownHead, extent, reason)
    else this.report(this.nextPosition, this.nextPosition - 1, extent, reason)
    return this.finishCut(reason)
  }

  /** Whole frames up to the last byte are not the whole log when more than that is known to have been durable. */
  private judgeEnd(): ScanResult {
    const { end, knownHead } = this.start
    if (this.durable <= end) return this.finish(undefined)
    const reason = 'the file ends before what was durable'
    if (knownHead >= this.nextPosition) this.lose(knownHead, { offset: end, end }, reason)
    else if (this.start.final === true)
      this.report(this.nextPosition, this.nextPosition - 1, { offset: end, end }, reason)
    return this.finishCut(reason)
  }

  private finishCut(reason: string): ScanResult {
    const { end, final, knownChain } = this.start
    // A mark proves only what came before it, so more may have followed.
    if (this.durable > end && final !== true) this.report(this.nextPosition, UNKNOWN_END, { offset: end, end }, reason)
    if (knownChain !== undefined) this.chain = knownChain
    this.end = end
    return this.finish(undefined)
  }

  /** True when something proves that the bytes at `offset` had been durable, such as a later frame. */
  private async wasDurable(offset: number, searchFrom: number): Promise<boolean> {
    if (this.durable > offset) return true
    const cursor = new FrameCursor(this.source, this.start.salt, searchFrom, this.start.end)
    for (let from = searchFrom; ; ) {
      const frame = await cursor.seek(from)
      if (frame === undefined) return false
      if (frame.durable > offset) {
        this.durable = frame.durable
        return true
      }
      from = frame.end
    }
  }

  private async tornUnlessZero(at: number): Promise<number | undefined> {
    const step = 1 << 20
    for (let from = at; from < this.start.end; from += step) {
      const bytes = await this.source.read(from, Math.min(step, this.start.end - from))
      if (bytes.some(byte => byte !== 0)) return at
    }
    return undefined
  }

  private lose(to: number, extent: Extent, reason: string): void {
    this.report(this.nextPosition, to, extent, reason)
    this.visitor.lost(this.nextPosition, to)
    this.nextPosition = to + 1
  }

  private report(from: number, to: number, { offset, end }: Extent, reason: string): void {
    this.damaged.push({ from, to, offset, end, reason })
  }

  private finish(tornAt: number | undefined): ScanResult {
    const { end, nextPosition, chain, batch, frames, damaged } = this
    return { end, nextPosition, chain, batch, frames, damaged, tornAt }
  }
}
