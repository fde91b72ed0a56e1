// Golden files: a store as version 1 wrote it. Every later version reads it, version 1 writes it again byte for byte, and a newer one is refused.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { FilePool } from '../../src/backends/embedded/engine/disk/file-pool.js'
import { parseName } from '../../src/backends/embedded/engine/format/names.js'
import { archiveSource } from '../../src/backends/embedded/engine/segment/archive-bytes.js'
import { cataloguedCode, fingerprint, must } from '../crash/ack-journal.js'
import { provenEnd } from '../crash/chain-check.js'
import { everything } from '../crash/tiny-store.js'
import { FakeDisk } from '../support/fake-disk.js'
import { archiveFirst, openGolden, writeGolden } from './golden-store.js'
import { bytesOfNextVersion } from './next-version.js'

const FOLDER = path.join(import.meta.dirname, 'golden', 'version-1')
/** Stores of version 1 had none at first, so it is kept beside them. */
const LINEAGE = path.join(import.meta.dirname, 'golden', 'LINEAGE')
const EXPECTED = path.join(FOLDER, 'expected.json')
/** Made anew at each start, and no part of the format. */
const PASSING = new Set(['/data/LOCK', '/data/RESERVE'])

let golden: FakeDisk
let expected: unknown[]

/** To be run once for each version: `LIGHTHOUSE_WRITE_GOLDEN=1 npm test -- test/format/golden`. */
async function writeFiles(): Promise<void> {
  const disk = await writeGolden()
  const store = await openGolden(disk.clone())
  const events = await everything(store)
  await store.close()
  const [packed, archive] = await archiveFirst(disk.clone())
  disk.put(archive.path, archive.bytes)
  for (const file of disk.files()) {
    if (PASSING.has(file) || file === packed) continue
    if (file === '/data/LINEAGE') {
      fs.writeFileSync(LINEAGE, disk.bytes(file))
      continue
    }
    const target = path.join(FOLDER, path.relative('/data', file))
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.writeFileSync(target, disk.bytes(file))
  }
  fs.writeFileSync(EXPECTED, `${JSON.stringify(events, undefined, 2)}\n`)
}

function readFiles(): FakeDisk {
  const disk = new FakeDisk({ directories: ['/', '/data', '/data/segments', '/data/archive', '/data/quarantine'] })
  for (const entry of fs.readdirSync(FOLDER, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isDirectory() || file === EXPECTED) continue
    disk.put(path.posix.join('/data', ...path.relative(FOLDER, file).split(path.sep)), fs.readFileSync(file))
  }
  return disk
}

beforeAll(async () => {
  if (process.env['LIGHTHOUSE_WRITE_GOLDEN'] === '1') await writeFiles()
  golden = readFiles()
  expected = JSON.parse(fs.readFileSync(EXPECTED, 'utf8')) as unknown[]
})

function namesIn(disk: FakeDisk): (string | undefined)[] {
  return disk.files().map(file => parseName(path.posix.basename(file))?.kind)
}

test('the golden store has every kind of file, and stays small', () => {
  const kinds = namesIn(golden)
  for (const kind of ['segment', 'index', 'archive']) expect(kinds).toContain(kind)
  expect(golden.files()).toContain('/data/CURRENT')
  const bytes = golden.files().reduce((sum, file) => sum + golden.bytes(file).length, 0)
  expect(bytes).toBeLessThan(200_000)
})

test('it is read with exactly the events that were written', async () => {
  const store = await openGolden(golden.clone())
  expect(store.status()).toMatchObject({ damaged: [], write: { writable: true }, details: { cleanStart: true } })
  const events = await everything(store)
  expect(events.map(event => JSON.parse(fingerprint(event)))).toEqual(expected)
  for (const event of events) {
    expect(fingerprint((await store.find(event.id)) ?? event)).toBe(fingerprint(event))
    expect(fingerprint((await store.find(event.position)) ?? event)).toBe(fingerprint(event))
  }
  expect(await store.stream('orders')).toEqual({ stream: 'orders', revision: 2, lastPosition: 12 })
  const vip: number[] = []
  for await (const event of store.read({ filter: { tags: ['vip'], streams: ['ord*'] } })) vip.push(event.position)
  expect(vip).toEqual([2])
  await store.close()
})

test('it goes on where it stopped', async () => {
  const disk = golden.clone()
  const store = await openGolden(disk)
  const again = { events: [{ type: 'opened', stream: 'orders', data: {} }], author: { agentId: 'agent-1' } }
  expect(await store.append(again)).toMatchObject({ firstPosition: expected.length + 1 })
  await store.close()
  const reopened = await openGolden(disk)
  expect(await everything(reopened)).toHaveLength(expected.length + 1)
  await reopened.close()
})

test('none of its indexes has to be rebuilt', async () => {
  const disk = golden.clone()
  const before = disk.files().filter(file => file.endsWith('.idx'))
  const store = await openGolden(disk)
  await store.close()
  const wrote = disk
    .story(1_000)
    .split('\n')
    .filter(line => line.includes('.idx.tmp'))
  expect(wrote).toEqual([])
  expect(before.length).toBeGreaterThan(1)
})

test('this version writes the same bytes again', async () => {
  const written = await writeGolden()
  expect(await provenEnd(written)).toBe(expected.length + 1)
  for (const file of written.files()) {
    if (PASSING.has(file)) continue
    const bytes = Buffer.from(written.bytes(file))
    const kept = await keptOf(file)
    must(
      bytes.equals(kept),
      () => `${file} is written differently, first at byte ${bytes.findIndex((byte, at) => byte !== kept[at])}`,
    )
  }
})

async function keptOf(file: string): Promise<Buffer> {
  if (file === '/data/LINEAGE') return fs.readFileSync(LINEAGE)
  return golden.files().includes(file) ? Buffer.from(golden.bytes(file)) : unpacked(file)
}

/** What the archive in the place of a segment holds; the packing itself is the zstd library's affair. */
async function unpacked(file: string): Promise<Buffer> {
  const segment = parseName(path.posix.basename(file))
  const archive = golden.files().find(other => {
    const parsed = parseName(path.posix.basename(other))
    return parsed?.kind === 'archive' && segment?.kind === 'segment' && parsed.firstPosition === segment.firstPosition
  })
  must(archive !== undefined, () => `${file} is not among the golden files`)
  const source = await archiveSource(new FilePool(golden.clone(), 4), archive)
  return source.read(0, source.length)
}

test('a segment of the next version is refused by name, and nothing is changed', async () => {
  const logs = golden.files().filter(file => file.endsWith('.log'))
  expect(logs.length).toBeGreaterThan(1)
  for (const file of logs) {
    const disk = golden.clone()
    disk.put(file, bytesOfNextVersion(disk.bytes(file)))
    disk.put('/data/segments/seg-0000000000000099-00000009.log.tmp', Buffer.from('unfinished'))
    const before = snapshot(disk)
    const refusal = await openGolden(disk).then(
      () => undefined,
      error => error,
    )
    expect(cataloguedCode(refusal)).toBe('FORMAT_UNSUPPORTED')
    expect((refusal as Error).message).toContain('version 2')
    expect(snapshot(disk)).toEqual(before)
    expect(disk.openFiles).toEqual([])
  }
})

function snapshot(disk: FakeDisk): string[] {
  const lasting = disk.files().filter(file => !PASSING.has(file))
  return lasting.map(file => `${file} ${Buffer.from(disk.bytes(file)).toString('latin1')}`)
}
