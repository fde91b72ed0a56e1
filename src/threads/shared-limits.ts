// The memory by which limits are one for all threads of a process: rows of names, what each thread holds, a signal, a clock.
import { randomFillSync } from 'node:crypto'
import { type Clock, MONOTONIC_CLOCK } from '../contract/clock.js'
import { NameHash } from './name-hash.js'
import { SharedRows } from './shared-rows.js'
import { SharedSignal } from './shared-signal.js'
import { WRITER_THREAD } from './this-thread.js'
import { BYTES_OF_SHARE, ThreadShares } from './thread-shares.js'

/** A third of them in use is 10,000 agents, of which none has to give way. */
const AGENT_ROWS = 32_768
/** The rank of the row, and when each of three buckets is full again. */
const AGENT_CELLS = 4
const ADDRESS_ROWS = 16_384
const ADDRESS_CELLS = 1

const WORD = BigInt64Array.BYTES_PER_ELEMENT
/** The number of threads, the signal, and both halves of the key of names, in 32 bits each; the moment of the start. */
const HEADER = 4 * WORD
const AT = { threads: 0, signal: 1, key: 2 } as const
const START_AT = 2 * WORD
const AGENTS_AT = HEADER
const ADDRESSES_AT = AGENTS_AT + AGENT_ROWS * (1 + AGENT_CELLS) * WORD
const SHARES_AT = ADDRESSES_AT + ADDRESS_ROWS * (1 + ADDRESS_CELLS) * WORD

const NS_PER_MS = 1e6

/** The memory for a process of so many threads, that of the writer included. The system gives it as it is used. */
export function memoryOfLimits(threads = 1, clock: Clock = MONOTONIC_CLOCK): SharedArrayBuffer {
  const shares = threads > 1 ? threads * BYTES_OF_SHARE : 0
  const memory = new SharedArrayBuffer(SHARES_AT + shares)
  const header = new Int32Array(memory, 0, HEADER / Int32Array.BYTES_PER_ELEMENT)
  header[AT.threads] = threads
  header.set(randomFillSync(new Int32Array(2)), AT.key)
  new BigInt64Array(memory, START_AT, 1)[0] = clock.now()
  return memory
}

/** The writer makes the memory and hands it to each front thread, which makes one of these of it for itself. */
export class SharedLimits {
  readonly names: NameHash
  /** Of agents by role: what they may still ask in a minute. */
  readonly agents: SharedRows
  /** Of addresses: how often they did in a minute what needs no token. */
  readonly addresses: SharedRows
  /** Undefined where there is one thread, which has nobody to tell. */
  readonly shares: ThreadShares | undefined
  /** Tells that something held was given back for which somebody may wait in line; undefined where there is one thread. */
  readonly signal: SharedSignal | undefined
  private readonly startNs: number

  constructor(
    thread = WRITER_THREAD,
    readonly memory = memoryOfLimits(),
    private readonly clock: Clock = MONOTONIC_CLOCK,
  ) {
    const header = new Int32Array(memory, 0, HEADER / Int32Array.BYTES_PER_ELEMENT)
    const threads = header[AT.threads] as number
    if (!(thread >= 0 && thread < threads))
      throw new RangeError(`thread ${thread} has no share in memory for ${threads}`)
    this.names = new NameHash(header[AT.key] as number, header[AT.key + 1] as number)
    this.startNs = Number(new BigInt64Array(memory, START_AT, 1)[0])
    const rows = (offset: number, count: number, cells: number) =>
      new SharedRows(
        new BigInt64Array(memory, offset, count),
        new BigInt64Array(memory, offset + count * WORD, count * cells),
      )
    this.agents = rows(AGENTS_AT, AGENT_ROWS, AGENT_CELLS)
    this.addresses = rows(ADDRESSES_AT, ADDRESS_ROWS, ADDRESS_CELLS)
    if (threads === 1) return
    this.shares = new ThreadShares(memory, SHARES_AT, threads, thread)
    this.signal = new SharedSignal(header.subarray(AT.signal, AT.signal + 1))
  }

  /** Milliseconds since the memory was made, by the monotonic clock, which all threads of a machine share. */
  now(): number {
    return (Number(this.clock.now()) - this.startNs) / NS_PER_MS
  }

  /** Gives back all that a front thread held which has ended. Call it before another has its number. */
  forget(thread: number): void {
    this.shares?.forget(thread)
    this.signal?.wake()
  }
}
