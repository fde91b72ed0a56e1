// What names alone tell of a data directory: which segment counts, what is left over, and what is nobody's to remove.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { archiveName, indexName, Layout, segmentName, temporary } from '../format/names.js'
import { listCatalogue, tidy } from './catalogue.js'

const layout = new Layout('/data')
const HASH = 'ab'.repeat(32)
const inSegments = (name: string) => `${layout.segments}/${name}`
const log = (position: number, epoch: number) => inSegments(segmentName(position, epoch))
let disk: FakeDisk

beforeEach(() => {
  disk = new FakeDisk({ directories: ['/data', layout.segments, layout.archive, layout.quarantine] })
})

async function listed(...paths: readonly string[]) {
  for (const path of paths) disk.put(path, new Uint8Array(1))
  const { segments, ...rest } = await listCatalogue(disk, layout)
  return { segments: segments.map(({ path }) => path), ...rest }
}

test('segments are listed by position', async () => {
  const { segments, greatestEpoch } = await listed(log(30, 4), log(1, 1), log(20, 2))
  expect(segments).toEqual([log(1, 1), log(20, 2), log(30, 4)])
  expect(greatestEpoch).toBe(4)
})

test('of two copies the later start’s counts and the other is left over', async () => {
  expect(await listed(log(1, 1), log(20, 2), log(20, 3))).toMatchObject({
    segments: [log(1, 1), log(20, 3)],
    leftovers: [log(20, 2)],
  })
})

test('a plain file comes before its archive, which is not left over: archiving goes on where it stopped', async () => {
  const archive = `${layout.archive}/${archiveName(1, 1, HASH)}`
  expect(await listed(log(1, 1), archive)).toMatchObject({ segments: [log(1, 1)], leftovers: [] })
})

test('an index without its segment is left over, and so are temporaries', async () => {
  const [index, other, unfinished] = [indexName(1, 1), indexName(1, 2), temporary(segmentName(9, 9))].map(inSegments)
  const { leftovers } = await listed(log(1, 1), index as string, other as string, unfinished as string)
  expect([...leftovers].sort()).toEqual([other, unfinished].sort())
})

describe('a segment begun by an owner that had been replaced', () => {
  const found = () => listed(log(1, 1), log(20, 3), log(25, 2), log(40, 3))

  test('is no part of the log', async () => {
    expect(await found()).toMatchObject({ segments: [log(1, 1), log(20, 3), log(40, 3)], late: [log(25, 2)] })
  })

  test('is left where it is', async () => {
    await found()
    await tidy(disk, layout, await listCatalogue(disk, layout))
    expect(disk.files()).toContain(log(25, 2))
  })
})

test('a file of unknown name is reported and left alone, wherever it lies', async () => {
  const strange = ['/data/notes.txt', inSegments('seg-1.log'), `${layout.archive}/x.zst`, inSegments('a.tmp')]
  // What the server keeps beside the log is its own affair.
  const known = [layout.lock, layout.current, layout.reserve, layout.floor, layout.accepted, layout.snapshots]
  const { unknown, leftovers } = await listed(...strange, ...known, log(1, 1), log(1, 2))
  expect([...unknown].sort()).toEqual([...strange].sort())
  expect(leftovers).toEqual([log(1, 1)])
  await tidy(disk, layout, await listCatalogue(disk, layout))
  expect(disk.files().sort()).toEqual([...strange, ...known, log(1, 2)].sort())
})

test('what names say is durable before anything is removed because of it', async () => {
  await listed(log(1, 1))
  const file = await disk.open(log(1, 2), { mode: 'create' })
  await file.sync()
  await file.close()
  const before = disk.operations
  await tidy(disk, layout, await listCatalogue(disk, layout))
  const kinds = disk.trace.filter(({ number }) => number > before).map(({ kind, path }) => `${kind} ${path}`)
  expect(kinds.indexOf(`syncDirectory ${layout.segments}`)).toBeLessThan(kinds.indexOf(`unlink ${log(1, 1)}`))
  expect(disk.afterCrash(1, 'lose-all').files()).toEqual([log(1, 2)])
})
