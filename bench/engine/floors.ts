// What the machine itself can do: the least that any durable store has to do, with nothing around it.
import { hash } from 'node:crypto'
import fs from 'node:fs'
import { ENTRY_HEAD_BYTES, FRAME_OVERHEAD_BYTES } from '../../src/backends/embedded/engine/format/frame.js'
import type { NewEvent } from '../../src/contract/event.js'
import { type LoopResult, Stopwatch } from './append-loop.js'
import { PACKR } from './workload.js'

const FILE_BYTES = 128 * 1024 * 1024
const ZEROS = Buffer.alloc(1 << 20)

/** A file that has its full size from the start; written round and round. */
export class BareFile {
  private at = 0

  private constructor(
    private readonly path: string,
    private readonly plain: number,
    private readonly durable: number,
  ) {}

  static create(path: string): BareFile {
    const plain = fs.openSync(path, 'w+')
    for (let at = 0; at < FILE_BYTES; at += ZEROS.length) fs.writeSync(plain, ZEROS, 0, ZEROS.length, at)
    fs.fsyncSync(plain)
    const durable = fs.openSync(path, fs.constants.O_RDWR | (fs.constants.O_DSYNC ?? 0))
    return new BareFile(path, plain, durable)
  }

  writeSync(bytes: Uint8Array, length: number): void {
    fs.writeSync(this.plain, bytes, 0, length, this.room(length))
    fs.fdatasyncSync(this.plain)
  }

  write(bytes: Uint8Array, length: number): Promise<void> {
    const position = this.room(length)
    return new Promise((resolve, reject) => {
      fs.write(this.durable, bytes, 0, length, position, error => (error === null ? resolve() : reject(error)))
    })
  }

  close(): void {
    fs.closeSync(this.plain)
    fs.closeSync(this.durable)
    fs.rmSync(this.path)
  }

  private room(length: number): number {
    if (this.at + length > FILE_BYTES) this.at = 0
    const position = this.at
    this.at += length
    return position
  }
}

const BODY = Buffer.alloc(2 << 20, 7)

/** One write and one sync of as many bytes as an append of the event puts into the log. */
export function writeOne(file: BareFile, events: readonly NewEvent[], milliseconds: number): LoopResult {
  const sizes = events.map(event => PACKR.pack(event).length + FRAME_OVERHEAD_BYTES + ENTRY_HEAD_BYTES)
  const latencies: number[] = []
  const stopwatch = new Stopwatch()
  const until = stopwatch.started + milliseconds
  for (let now = stopwatch.started; now < until; ) {
    file.writeSync(BODY, sizes[latencies.length % sizes.length] as number)
    const synced = performance.now()
    latencies.push(synced - now)
    now = synced
  }
  return stopwatch.result(latencies, 1)
}

/** Events to encode, or bytes that need no encoding. */
export type BareEvents = readonly NewEvent[] | readonly Buffer[]

function encodeBare(event: NewEvent | Buffer): Buffer {
  return event instanceof Buffer ? event : PACKR.pack(event)
}

class GroupEncoder {
  private at = 0
  private readonly buffers = [Buffer.alloc(32 << 20), Buffer.alloc(32 << 20)] as const
  private turn = 0
  length = 0

  constructor(private readonly events: BareEvents) {}

  /** Encodes and hashes the next events side by side; the buffer before stays as it is. */
  next(count: number): Buffer {
    this.turn = 1 - this.turn
    const buffer = this.buffers[this.turn] as Buffer
    let length = 0
    for (let left = count; left > 0; left--) {
      const bytes = encodeBare(this.events[this.at] as NewEvent | Buffer)
      this.at = (this.at + 1) % this.events.length
      buffer.set(bytes, length)
      length += bytes.length
      buffer.set(hash('sha256', bytes, 'buffer'), length)
      length += 32
    }
    this.length = length
    return buffer
  }
}

/** Encode, hash, write, sync: groups of as many events as one sync of the store covers, one step after the other. */
export function encodeAndWrite(file: BareFile, events: BareEvents, group: number, milliseconds: number): LoopResult {
  const encoder = new GroupEncoder(events)
  const latencies: number[] = []
  const stopwatch = new Stopwatch()
  const until = stopwatch.started + milliseconds
  for (let now = stopwatch.started; now < until; ) {
    const buffer = encoder.next(group)
    file.writeSync(buffer, encoder.length)
    const synced = performance.now()
    latencies.push(synced - now)
    now = synced
  }
  return stopwatch.result(latencies, group)
}

/** The same with the next group being encoded while the one before is synced: the best one thread can do. */
export async function encodeWhileWriting(
  file: BareFile,
  events: BareEvents,
  group: number,
  milliseconds: number,
): Promise<LoopResult> {
  const encoder = new GroupEncoder(events)
  const latencies: number[] = []
  const stopwatch = new Stopwatch()
  const until = stopwatch.started + milliseconds
  let writing = Promise.resolve()
  for (let now = stopwatch.started; now < until; ) {
    const buffer = encoder.next(group)
    await writing
    writing = file.write(buffer, encoder.length)
    const turned = performance.now()
    latencies.push(turned - now)
    now = turned
  }
  await writing
  return stopwatch.result(latencies, group)
}
