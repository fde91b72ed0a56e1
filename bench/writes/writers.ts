// Every way Node has to make bytes durable, behind one call that resolves when they are.
import fs from 'node:fs'
import { join } from 'node:path'
import { WorkerWriter } from './worker-writer.js'

export interface Writer {
  readonly name: string
  readonly write: () => void | Promise<void>
  readonly close: () => void | Promise<void>
}

interface Target {
  readonly descriptor: number
  readonly bytes: Buffer
  /** Where the next write goes. */
  readonly next: () => number
}

const ZEROS = Buffer.alloc(1 << 20)
// Absent on Windows, where these ways are then the same as a write alone.
const O_DSYNC = fs.constants.O_DSYNC ?? 0
const PARTS = 4

interface Way {
  readonly name: string
  readonly presized: boolean
  readonly durable: boolean
  readonly write: (target: Target) => void | Promise<void>
}

const WAYS: readonly Way[] = [
  { name: 'growing, writeSync + fdatasyncSync', presized: false, durable: false, write: writeAndSync },
  { name: 'growing, threadpool O_DSYNC', presized: false, durable: true, write: writeInPool },
  { name: 'pre-sized, writeSync + fdatasyncSync', presized: true, durable: false, write: writeAndSync },
  { name: 'pre-sized, writeSync O_DSYNC', presized: true, durable: true, write: writeOnly },
  { name: 'pre-sized, threadpool write + fdatasync', presized: true, durable: false, write: writeAndSyncInPool },
  { name: 'pre-sized, writeSync + threadpool fdatasync', presized: true, durable: false, write: writeThenSyncInPool },
  { name: 'pre-sized, threadpool O_DSYNC', presized: true, durable: true, write: writeInPool },
  { name: 'pre-sized, threadpool O_DSYNC, 4 vectors', presized: true, durable: true, write: writeVectors },
]

function writeOnly({ descriptor, bytes, next }: Target): void {
  fs.writeSync(descriptor, bytes, 0, bytes.length, next())
}

function writeAndSync(target: Target): void {
  writeOnly(target)
  fs.fdatasyncSync(target.descriptor)
}

function writeInPool({ descriptor, bytes, next }: Target): Promise<void> {
  return settled(done => fs.write(descriptor, bytes, 0, bytes.length, next(), done))
}

async function writeAndSyncInPool(target: Target): Promise<void> {
  await writeInPool(target)
  await settled(done => fs.fdatasync(target.descriptor, done))
}

function writeThenSyncInPool(target: Target): Promise<void> {
  writeOnly(target)
  return settled(done => fs.fdatasync(target.descriptor, done))
}

function writeVectors({ descriptor, bytes, next }: Target): Promise<void> {
  const part = Math.floor(bytes.length / PARTS)
  const vectors = Array.from({ length: PARTS }, (_, at) => bytes.subarray(at * part, (at + 1) * part))
  return settled(done => fs.writev(descriptor, vectors, next(), done))
}

function settled(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start(error => (error === null ? resolve() : reject(error))))
}

/** One file per way, so that no way profits from what another wrote. */
export async function openWriters(folder: string, bytes: number, writes: number): Promise<Writer[]> {
  const writers = WAYS.map((way, at) => open(way, join(folder, `way-${at}`), bytes, writes))
  for (const answer of ['atomics', 'message'] as const) {
    const path = join(folder, `worker-${answer}`)
    presize(fs.openSync(path, 'w+'), bytes * writes, true)
    writers.push(await WorkerWriter.open(path, bytes, answer))
  }
  return writers
}

function open(way: Way, path: string, length: number, writes: number): Writer {
  const created = fs.openSync(path, 'w+')
  presize(created, way.presized ? length * writes : 0, true)
  const descriptor = fs.openSync(path, fs.constants.O_RDWR | (way.durable ? O_DSYNC : 0))
  const bytes = Buffer.alloc(length, 7)
  let at = 0
  const next = () => {
    at += length
    return at - length
  }
  return {
    name: way.name,
    write: () => way.write({ descriptor, bytes, next }),
    close: () => fs.closeSync(descriptor),
  }
}

function presize(descriptor: number, bytes: number, close: boolean): void {
  for (let at = 0; at < bytes; at += ZEROS.length) fs.writeSync(descriptor, ZEROS, 0, ZEROS.length, at)
  fs.fsyncSync(descriptor)
  if (close) fs.closeSync(descriptor)
}
