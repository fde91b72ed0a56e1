// Bounds the memory of all windows together: over it, the window that nothing was handed out of for longest gives way.
import { GROUP_LIMITS } from './state/group-limits.js'

export interface Holder {
  readonly positions: number
  readonly keptBytes: number
  /** True while it is being filled; it does not give way then. */
  readonly inUse: boolean
  /** Keeps the positions; the events are read from the log again when they are handed out. */
  dropEvents(): void
  /** Drops the positions, too; the group reads on from its floor again. */
  letGo(): void
}

export class WindowMemory {
  private positions = 0
  private bytes = 0
  /** In the order in which something was last handed out of them, because the first gives way first. */
  private readonly holders = new Set<Holder>()
  /** Windows that are being filled do not give way. All of them, and one that an arrival fills, fit the bound. */
  private readonly mostReaders: number
  private readers = 0
  private readonly inLine: (() => void)[] = []

  constructor(private readonly most: { readonly knownPositions: number; readonly keptBytes: number } = GROUP_LIMITS) {
    this.mostReaders = Math.max(1, Math.floor(most.knownPositions / GROUP_LIMITS.aboveFloor) - 1)
  }

  get held(): { readonly positions: number; readonly bytes: number } {
    return { positions: this.positions, bytes: this.bytes }
  }

  add(holder: Holder): void {
    this.holders.add(holder)
  }

  /** Moves the holder to the end of the order, because something was handed out of it. */
  used(holder: Holder): void {
    if (this.holders.delete(holder)) this.holders.add(holder)
  }

  remove(holder: Holder): void {
    if (!this.holders.delete(holder)) return
    this.positions -= holder.positions
    this.bytes -= holder.keptBytes
  }

  /** Resolves when the caller may read on. It must call the returned function exactly once when it has finished. */
  async turnToRead(): Promise<() => void> {
    if (this.readers >= this.mostReaders) await new Promise<void>(resolve => this.inLine.push(resolve))
    else this.readers++
    return () => {
      const next = this.inLine.shift()
      if (next === undefined) this.readers--
      else next()
    }
  }

  /** A negative number gives positions back. */
  count(holder: Holder, positions: number): void {
    if (!this.holders.has(holder)) return
    this.positions += positions
    if (positions > 0 && this.positions > this.most.knownPositions) this.makeRoomBeside(holder)
  }

  /** Returns whether an event of so many bytes may be kept; other windows drop their events first to make room. */
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

  /** To be called when events of so many bytes are no longer kept. */
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
