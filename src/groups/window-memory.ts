// What the windows of all groups hold in memory together: when it is too much, the one nothing was handed out of for longest gives way.
import { GROUP_LIMITS } from './state/group-limits.js'

/** Groups that read on at the same time, so that the windows they fill meanwhile fit. */
const READERS = 32

/** A window, as far as its memory is concerned. */
export interface Holder {
  readonly positions: number
  readonly keptBytes: number
  /** It is being filled at this moment. */
  readonly inUse: boolean
  /** Events are read once more when they are wanted. */
  dropEvents(): void
  /** It is read anew when it is wanted. */
  letGo(): void
}

export class WindowMemory {
  private positions = 0
  private bytes = 0
  /** The one something was handed out of last stands last. */
  private readonly holders = new Set<Holder>()
  private readers = 0
  private readonly inLine: (() => void)[] = []

  constructor(private readonly most: { readonly knownPositions: number; readonly keptBytes: number } = GROUP_LIMITS) {}

  get held(): { readonly positions: number; readonly bytes: number } {
    return { positions: this.positions, bytes: this.bytes }
  }

  add(holder: Holder): void {
    this.holders.add(holder)
  }

  /** Something was handed out of it. */
  used(holder: Holder): void {
    if (this.holders.delete(holder)) this.holders.add(holder)
  }

  remove(holder: Holder): void {
    if (!this.holders.delete(holder)) return
    this.positions -= holder.positions
    this.bytes -= holder.keptBytes
  }

  /** Resolves when it is the caller's turn to read on, which lasts until the answer is called. */
  async turnToRead(): Promise<() => void> {
    if (this.readers >= READERS) await new Promise<void>(resolve => this.inLine.push(resolve))
    else this.readers++
    return () => {
      const next = this.inLine.shift()
      if (next === undefined) this.readers--
      else next()
    }
  }

  /** So many positions more, or fewer. */
  count(holder: Holder, positions: number): void {
    if (!this.holders.has(holder)) return
    this.positions += positions
    if (positions > 0 && this.positions > this.most.knownPositions) this.makeRoomBeside(holder)
  }

  /** Answers whether an event of this weight may be kept. */
  keep(holder: Holder, bytes: number): boolean {
    if (!this.holders.has(holder)) return false
    for (const other of this.holders) {
      if (this.bytes + bytes <= this.most.keptBytes) break
      if (other === holder || other.inUse || other.keptBytes === 0) continue
      this.bytes -= other.keptBytes
      other.dropEvents()
    }
    if (this.bytes + bytes > this.most.keptBytes) return false
    this.bytes += bytes
    return true
  }

  /** They are not kept any more. */
  give(holder: Holder, bytes: number): void {
    if (this.holders.has(holder)) this.bytes -= bytes
  }

  private makeRoomBeside(holder: Holder): void {
    for (const other of this.holders) {
      if (this.positions <= this.most.knownPositions) return
      if (other === holder || other.inUse || other.positions === 0) continue
      this.remove(other)
      other.letGo()
    }
  }
}
