// The segment that was being written, as a start finds it: torn, damaged, deleted or exchanged, and what becomes of each.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import { HEADER_BLOCK_BYTES, parseHeader } from '../../src/backends/embedded/engine/format/segment-header.js'
import { FrameCursor } from '../../src/backends/embedded/engine/segment/frame-cursor.js'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import { FakeDisk } from '../support/fake-disk.js'
import { HeldDisk } from '../support/held-disk.js'
import { ManualClock } from '../support/manual-clock.js'
import { held } from './chain-check.js'
import { DATA, everything, openTiny } from './tiny-store.js'

const SEGMENTS = `${DATA}/segments/`
const CALM: Partial<EmbeddedOptions> = { sealOnCloseBytes: 2 ** 20, segmentBytes: 2 ** 20 }

let disk: FakeDisk
let store: EmbeddedStore

beforeEach(() => {
  disk = new FakeDisk({ directories: ['/'] })
})

afterEach(() => store.close())

async function start(options: Partial<EmbeddedOptions> = {}): Promise<void> {
  store = await openTiny(disk, new ManualClock(), { ...CALM, ...options })
}

async function append(...types: readonly string[]): Promise<void> {
  for (const type of types) {
    await store.append({ events: [{ type, stream: 's', data: { filler: 'x'.repeat(400) } }], author: { agentId: 'a' } })
  }
}

/** The process dies; the disk keeps everything. */
async function die(): Promise<void> {
  const left = disk.afterCrash(1, 'kill')
  // A dead process closes nothing; its timers are stopped here.
  await store.close().catch(() => undefined)
  disk = left
}

async function types(): Promise<string[]> {
  return (await everything(store)).map(({ type }) => type)
}

function logs(): string[] {
  return disk.files().filter(path => path.endsWith('.log') && path.startsWith(SEGMENTS))
}

const lastLog = () => logs().at(-1) as string

/** Where the frames of a segment begin, and where the last one ends. */
async function framesOf(path: string): Promise<number[]> {
  const bytes = disk.bytes(path)
  const header = parseHeader(Buffer.from(bytes.subarray(0, HEADER_BLOCK_BYTES)))
  if ('fault' in header) throw new Error('no header')
  const cursor = new FrameCursor(held(bytes), header.salt, HEADER_BLOCK_BYTES, bytes.length)
  const offsets = [cursor.at]
  for (let step = await cursor.next(); step !== 'end' && 'frame' in step; step = await cursor.next())
    offsets.push(cursor.at)
  return offsets
}

function change(path: string, how: (bytes: Buffer) => void): void {
  const bytes = Buffer.from(disk.bytes(path))
  how(bytes)
  disk.put(path, bytes)
}

describe('bytes behind the last whole frame', () => {
  test('are put aside as they were, counted, and gone from the log', async () => {
    await start()
    await append('one', 'two')
    await die()
    const end = (await framesOf(lastLog())).at(-1) as number
    change(lastLog(), bytes => bytes.write('half a frame', end))
    await start()
    expect(await types()).toEqual(['one', 'two'])
    expect(store.status().details).toMatchObject({ tornBytes: 12, cleanStart: false })
    const [evidence, ...more] = disk.files().filter(path => path.startsWith(`${DATA}/quarantine/`))
    expect([Buffer.from(disk.bytes(evidence as string)).toString(), more]).toEqual(['half a frame', []])
    await append('three')
    await die()
    await start()
    expect([await types(), store.status().details['tornBytes']]).toEqual([['one', 'two', 'three'], 0])
  })

  test('are durable in quarantine before the log loses them', async () => {
    await start()
    await append('one')
    await die()
    const end = (await framesOf(lastLog())).at(-1) as number
    change(lastLog(), bytes => bytes.write('half a frame', end))
    const settled = disk.afterCrash(1, 'keep-all')
    for (let dieAt = 1; ; dieAt++) {
      disk = settled.clone()
      disk.arm({ dieAt })
      const life = openTiny(disk, new ManualClock(), CALM).then(opened => opened.close())
      const done = await life.then(() => true).catch(() => false)
      if (done && disk.powered) break
      const after = disk.afterCrash(dieAt, 'lose-all')
      const kept = after.files().some(path => Buffer.from(after.bytes(path)).includes('half a frame'))
      expect([dieAt, kept]).toEqual([dieAt, true])
    }
    disk = settled
    await start()
  })
})

describe('a broken last frame', () => {
  const broken = async (options: Partial<EmbeddedOptions>, end: () => Promise<void>) => {
    await start(options)
    await append('one', 'two')
    await end()
    const [, second] = await framesOf(lastLog())
    change(lastLog(), bytes => bytes.fill(0xff, (second as number) + 80, (second as number) + 90))
    await start()
  }

  test('is torn when nothing was written behind it', async () => {
    await broken({}, die)
    expect([await types(), store.status().damaged, store.status().write.writable]).toEqual([['one'], [], true])
  })

  test('is damage after a clean stop', async () => {
    await broken({}, () => store.close())
    expect(store.status()).toMatchObject({
      write: { writable: false, reason: 'corrupt' },
      damaged: [{ from: 2, to: 2 }],
    })
    await expect(everything(store)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
    const skipped: number[] = []
    const rest: string[] = []
    for await (const { type } of store.read({ onDamaged: ({ from }) => skipped.push(from) })) rest.push(type)
    expect([rest, skipped]).toEqual([['one'], [2]])
  })

  test('is damage once the store had nothing to do for a while', async () => {
    await broken({ idleMarkMs: 1 }, async () => {
      const before = disk.operations
      const path = lastLog()
      const marked = () =>
        disk.trace.some(({ number, kind, path: of }) => number > before && kind === 'write' && of.startsWith(path))
      while (!marked()) await new Promise(setImmediate)
      await die()
    })
    expect(store.status()).toMatchObject({
      write: { writable: false, reason: 'corrupt' },
      damaged: [{ from: 2, to: 2 }],
    })
  })
})

test('each start copies it to a new file under the next epoch, and removes the old one', async () => {
  await start()
  await append('one')
  const first = lastLog()
  await die()
  await start()
  expect([logs().length, lastLog() > first, await types()]).toEqual([1, true, ['one']])
  expect(Number(store.status().details['epoch'])).toBe(2)
})

test('a start that lost the directory to another one puts nothing in the place of what that one wrote', async () => {
  await start()
  await append('one')
  await die()
  const slow = new HeldDisk(disk)
  slow.hold()
  const late = openTiny(slow, new ManualClock(), CALM).then(
    () => 'opened',
    error => String(error.code),
  )
  await slow.arrived()
  await disk.unlink(`${DATA}/LOCK`)
  await start()
  await append('two')
  slow.release()
  expect(await late).toBe('LOCKED')
  await append('three')
  await die()
  await start()
  expect([await types(), store.status().damaged]).toEqual([['one', 'two', 'three'], []])
})

describe('a log from which something was taken', () => {
  const threeSegments = async () => {
    await start({ segmentBytes: 5_000 })
    await append('a', 'b', 'c', 'd', 'e', 'f', 'g')
    expect(logs().length).toBeGreaterThanOrEqual(3)
    await die()
  }

  test('the file written last: is told, and not begun anew', async () => {
    await threeSegments()
    await disk.unlink(lastLog())
    await start()
    expect(store.status()).toMatchObject({
      write: { writable: false, reason: 'corrupt' },
      damaged: [{ reason: expect.stringContaining('last') }],
    })
  })

  test('a file in the middle: its positions are told, the others are served', async () => {
    await threeSegments()
    await disk.unlink(logs()[1] as string)
    await start()
    const gaps: string[] = []
    const rest: string[] = []
    for await (const { type } of store.read({ onDamaged: ({ from, to }) => gaps.push(`${from}-${to}`) }))
      rest.push(type)
    expect(store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
    const [from, to] = (gaps[0] as string).split('-').map(Number)
    const missing = 'abcdefg'.slice((from as number) - 1, to)
    expect([gaps.length, rest.join('')]).toEqual([1, 'abcdefg'.replace(missing, '')])
    const reason = expect.stringContaining('missing')
    expect(store.status().damaged).toContainEqual(expect.objectContaining({ from, to, reason }))
  })

  test('a sealed file exchanged for a whole one of another history: the chain tells', async () => {
    await start({ segmentBytes: 5_000 })
    await append('a')
    await die()
    const other = disk.clone()
    await start({ segmentBytes: 5_000 })
    await append('b', 'c', 'd', 'e')
    await die()
    const mine = disk
    disk = other
    await start({ segmentBytes: 5_000 })
    await append('B', 'C', 'D', 'E')
    await die()
    const [sealed] = logs() as [string]
    mine.put(sealed, disk.bytes(sealed))
    disk = mine
    await start()
    expect(store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
    expect(store.status().damaged).toMatchObject([{ reason: expect.stringContaining('chain') }])
  })
})

describe('a log that cannot be read just now', () => {
  test.each([
    ['for want of a descriptor', 'EMFILE', 'openSync', false],
    ['because the disk fails', 'EIO', 'read', false],
    ['because the disk fails once the places are known', 'EIO', 'read', true],
  ] as const)('%s, is not taken for damaged', async (_, code, trouble, known) => {
    await start({ segmentBytes: 5_000, openFiles: 1 })
    await append('a', 'b', 'c', 'd', 'e', 'f', 'g')
    if (known) await types()
    disk.arm({ failFrom: 1, code, only: kind => kind.startsWith(trouble) })
    const read = everything(store).then(String, error => String(error.code))
    expect(await read).toBe('STORAGE_UNAVAILABLE')
    disk.heal()
    expect([(await types()).join(''), store.status().damaged]).toEqual(['abcdefg', []])
  })
})
