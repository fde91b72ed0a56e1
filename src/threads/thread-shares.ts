// What each thread of a process holds, by name, in memory of all threads; each writes its own share and reads the others'.
import type { NameHash } from './name-hash.js'

/** Of one thread. */
const SLOTS = 32_768
const MASK = SLOTS - 1
/** A name stands within so many slots of the one its hash says, its home. */
const WINDOW = 16
const WORD = BigInt64Array.BYTES_PER_ELEMENT
export const BYTES_OF_SHARE = 2 * SLOTS * WORD + SLOTS * Int32Array.BYTES_PER_ELEMENT

interface Share {
  /** How many names have the slot for their home; where none has, nobody needs to look further. */
  readonly homes: Int32Array
  readonly keys: BigInt64Array
  readonly halves: Int32Array
  readonly amounts: BigInt64Array
}

/**
 * A share has one writer, so nothing has to be undone when that ends in the midst of something: `forget` takes all that
 * it held from what the others add up.
 */
export class ThreadShares {
  private readonly all: readonly Share[]
  private readonly own: Share
  private readonly others: readonly Share[]

  constructor(memory: SharedArrayBuffer, offset: number, threads: number, thread: number) {
    this.all = Array.from({ length: threads }, (_, of) => shareIn(memory, offset + of * BYTES_OF_SHARE))
    this.own = this.all[thread] as Share
    this.others = this.all.filter(share => share !== this.own)
  }

  /**
   * Says that this thread holds so much under the name: a whole number; 0 frees the slot. Where the window is full of
   * other names the others do not hear of it, and may hold as much more.
   */
  tell(name: NameHash, amount: number): void {
    const { own } = this
    const { low, high } = name
    const found = slotOf(own, low, low, high)
    if (found >= 0 && amount > 0) Atomics.store(own.amounts, found, BigInt(amount))
    else if (found >= 0) {
      Atomics.store(own.keys, found, 0n)
      Atomics.sub(own.homes, low & MASK, 1)
    } else if (amount > 0) {
      const free = slotOf(own, low, 0, 0)
      if (free < 0) return
      Atomics.store(own.amounts, free, BigInt(amount))
      Atomics.store(own.keys, free, name.key)
      Atomics.add(own.homes, low & MASK, 1)
    }
  }

  /** All that the other threads hold under the name. */
  ofOthers(name: NameHash): number {
    let sum = 0
    for (const share of this.others) sum += amountIn(share, name)
    return sum
  }

  /** The least that another thread says under the name; infinity where none says anything. */
  leastOfOthers(name: NameHash): number {
    let least = Number.POSITIVE_INFINITY
    for (const share of this.others) least = Math.min(least, amountIn(share, name) || least)
    return least
  }

  /** For a thread that has ended, before another has its number. */
  forget(thread: number): void {
    const share = this.all[thread]
    share?.keys.fill(0n)
    share?.homes.fill(0)
  }
}

function shareIn(memory: SharedArrayBuffer, offset: number): Share {
  const keys = new BigInt64Array(memory, offset, SLOTS)
  const halves = new Int32Array(memory, offset, 2 * SLOTS)
  const amounts = new BigInt64Array(memory, offset + SLOTS * WORD, SLOTS)
  return { keys, halves, amounts, homes: new Int32Array(memory, offset + 2 * SLOTS * WORD, SLOTS) }
}

/** The slot in which the hash stands; of 0 and 0, a slot that is free. -1: none in the window of `home`. */
function slotOf({ halves }: Share, home: number, low: number, high: number): number {
  for (let step = 0; step < WINDOW; step++) {
    const slot = (home + step) & MASK
    if (Atomics.load(halves, 2 * slot) === low && Atomics.load(halves, 2 * slot + 1) === high) return slot
  }
  return -1
}

function amountIn(share: Share, { low, high }: NameHash): number {
  if (Atomics.load(share.homes, low & MASK) === 0) return 0
  const slot = slotOf(share, low, low, high)
  if (slot < 0) return 0
  const amount = Number(Atomics.load(share.amounts, slot))
  // The slot may have become free, and another name's, before its amount was read.
  const { halves } = share
  const isStill = Atomics.load(halves, 2 * slot) === low && Atomics.load(halves, 2 * slot + 1) === high
  return isStill ? amount : 0
}
