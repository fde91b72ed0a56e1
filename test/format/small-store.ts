// A store of three small segments, known byte by byte, on which every kind of damage can be tried.
import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import {
  HEADER_BLOCK_BYTES,
  parseHeader,
  parseMarks,
} from '../../src/backends/embedded/engine/format/segment-header.js'
import { FrameCursor } from '../../src/backends/embedded/engine/segment/frame-cursor.js'
import { readFacts } from '../../src/backends/embedded/engine/segment/sealed-segment.js'
import type { NewEvent } from '../../src/contract/event.js'
import { fingerprint, must } from '../crash/ack-journal.js'
import { held } from '../crash/chain-check.js'
import { everything, openTiny } from '../crash/tiny-store.js'
import { FakeDisk } from '../support/fake-disk.js'
import { ManualClock, SECOND } from '../support/manual-clock.js'

export interface KnownFrame {
  readonly offset: number
  readonly end: number
  readonly batch: number
  readonly first: number
  readonly last: number
  /** Where each event's entry lies. */
  readonly items: readonly { readonly offset: number; readonly end: number }[]
}

export interface KnownSegment {
  readonly path: string
  readonly length: number
  readonly sealed: boolean
  readonly frames: readonly KnownFrame[]
  readonly framesEnd: number
  /** How far the marks in the header tell that the file was durable. */
  readonly marked: number
  readonly first: number
  readonly last: number
}

export interface SmallStore {
  readonly name: string
  readonly disk: FakeDisk
  /** All a record says, by position from 1. */
  readonly events: readonly string[]
  readonly ids: readonly string[]
  readonly segments: readonly KnownSegment[]
}

const SMALL = { presizeBytes: 200, sealOnCloseBytes: 1e6, reserveBytes: 64 }
/** Two appends fill it. */
const SEGMENT_BYTES = HEADER_BLOCK_BYTES + 300

export function openSmall(disk: FakeDisk, clock = new ManualClock(), segmentBytes = 1e6): Promise<EmbeddedStore> {
  return openTiny(disk, clock, { ...SMALL, segmentBytes })
}

/** `clean` ends with a clean stop, `torn-off` with the power while nothing was in flight. */
export async function smallStore(name: 'clean' | 'torn-off'): Promise<SmallStore> {
  const disk = new FakeDisk({ directories: ['/'] })
  const clock = new ManualClock()
  let store = await openSmall(disk, clock, SEGMENT_BYTES)
  const append = (...streams: string[]) => {
    clock.move(SECOND)
    const events = streams.map((stream, at): NewEvent => ({ type: 'noted', stream, data: { at }, tags: [`t${at}`] }))
    return store.append({ events, author: { agentId: 'a1' }, key: `k${clock.now()}` })
  }
  // Two segments full, and one that was copied at a start: what was in it then is marked as durable.
  for (let sealed = 0; sealed < 2; sealed++) {
    await append('a')
    await append('b', 'a')
  }
  await append('a')
  await store.close()
  store = await openSmall(disk, clock)
  await append('b', 'c')
  await Promise.all([append('a'), append('c'), append('b')])
  const events = await everything(store)
  if (name === 'clean') await store.close()
  const settled = disk.afterCrash(1, 'lose-all')
  const segments = await Promise.all(
    settled
      .files()
      .filter(path => path.endsWith('.log'))
      .map(path => known(settled, path)),
  )
  must(segments.length === 3, () => `there are ${segments.length} segments`)
  return { name, disk: settled, events: events.map(fingerprint), ids: events.map(event => event.id), segments }
}

async function known(disk: FakeDisk, path: string): Promise<KnownSegment> {
  const source = held(disk.bytes(path))
  const block = await source.read(0, HEADER_BLOCK_BYTES)
  const header = parseHeader(block)
  must(!('fault' in header), () => `${path} has no header`)
  const { footer } = await readFacts(source)
  const cursor = new FrameCursor(source, header.salt, HEADER_BLOCK_BYTES, footer?.dataEnd ?? source.length)
  const frames: KnownFrame[] = []
  for (let step = await cursor.next(); step !== 'end' && 'frame' in step; step = await cursor.next()) {
    const { offset, end, batch, firstPosition: first, items } = step.frame
    frames.push({ offset, end, batch, first, last: first + items.length - 1, items: items.map(item => ({ ...item })) })
  }
  const framesEnd = frames.at(-1)?.end ?? HEADER_BLOCK_BYTES
  const marked = parseMarks(block).newest?.durable ?? 0
  const { length } = source
  const last = frames.at(-1)?.last ?? header.firstPosition - 1
  return { path, length, sealed: footer !== undefined, frames, framesEnd, marked, first: header.firstPosition, last }
}

export function indexPaths(store: SmallStore): string[] {
  return store.disk.files().filter(path => path.endsWith('.idx'))
}
