// Archives on another volume: moved there once, found by every command, and missed where the volume is not mounted.
import fs from 'node:fs'
import { join } from 'node:path'
import { AgedStore } from '../../test/support/aged-store.js'
import { ManualClock } from '../../test/support/manual-clock.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { backupStore, restoreStore } from '../backends/embedded/backup-store.js'
import { verifyStore } from '../backends/embedded/verify-store.js'
import { placeArchives } from './archive-place.js'

const clock = new ManualClock()
const sound = makeTempDirectory()
let root: string
let data: string
let far: string
let events: string[]

beforeAll(async () => {
  const aged = await AgedStore.open(undefined, join(sound, 'data'), clock, { allowUnsafeFilesystem: true })
  for (let day = 0; day < 9; day++) await aged.day()
  while (await aged.store.maintenance.pass());
  events = await aged.events()
  await aged.store.close()
})
afterAll(() => removeTempDirectory(sound))

beforeEach(() => {
  root = makeTempDirectory()
  data = join(root, 'data')
  far = join(root, 'far')
  fs.mkdirSync(far)
  fs.cpSync(join(sound, 'data'), data, { recursive: true })
})
afterEach(() => removeTempDirectory(root))

const open = (place = far, options: object = {}) =>
  AgedStore.open(undefined, data, clock, {
    allowUnsafeFilesystem: true,
    archiveAfterDays: 0,
    underLock: () => placeArchives(data, place),
    ...options,
  })
const archives = (folder: string) => fs.readdirSync(folder).filter(name => name.endsWith('.zst'))
const home = () => fs.readlinkSync(join(data, 'archive'))

async function expectWhole(place = far): Promise<void> {
  const held = await open(place)
  expect(held.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
  expect(held.told.noticed).toEqual([])
  expect(await held.events()).toEqual(events)
  await held.store.close()
}

test('what is archived already goes there with the first start, and later ones are written there', async () => {
  const before = archives(join(data, 'archive'))
  expect(before.length).toBeGreaterThan(0)
  await expectWhole()
  expect(archives(home())).toEqual(before)
  expect(fs.readdirSync(data).filter(name => name.startsWith('archive'))).toEqual(['archive'])
  const held = await open(far, { archiveAfterDays: 3 })
  while (await held.store.maintenance.pass());
  expect(held.told.archived.length).toBeGreaterThan(0)
  expect(archives(home())).toHaveLength(before.length + held.told.archived.length)
  await held.store.close()
  await expectWhole()
})

test('verify, backup and restore find them without being told, and so does a start', async () => {
  await expectWhole()
  expect(await verifyStore(data)).toMatchObject({ clean: true, archives: archives(home()).length })
  const { manifest } = await backupStore(data, join(root, 'backup'))
  expect(manifest.files.filter(({ path }) => path.startsWith('archive/'))).toHaveLength(archives(home()).length)
  const restored = await restoreStore(join(root, 'backup'), join(root, 'restored'), { verify: true })
  expect(restored.verified?.clean).toBe(true)
  await expectWhole('')
})

test.each([
  ['the link is made', ['archive']],
  ['some are copied', ['archive']],
  ['the directory is out of the way', ['archive.moved.tmp']],
  ['the link is in its place', ['archive', 'archive.moved.tmp']],
])('a move that was cut off when %s goes on', async (when, left) => {
  const target = join(far, 'lighthouse-1')
  const coming = join(data, 'archive.link.tmp')
  fs.symlinkSync(target, coming)
  const old = join(data, 'archive')
  if (when !== 'the link is made') fs.cpSync(old, target, { recursive: true })
  if (when === 'some are copied') fs.truncateSync(join(target, archives(target)[0] as string), 10)
  if (left.includes('archive.moved.tmp')) fs.renameSync(old, join(data, 'archive.moved.tmp'))
  if (when === 'the link is in its place') fs.renameSync(coming, old)
  await expectWhole()
  expect(home()).toBe(target)
  expect(fs.readdirSync(data).filter(name => name.startsWith('archive'))).toEqual(['archive'])
  expect(fs.readdirSync(far).sort()).toEqual(expect.arrayContaining(['lighthouse-1']))
})

describe('the start is refused', () => {
  const refused = (says: string, place = far) =>
    expect(open(place)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining(says) })

  test('where the volume is not mounted, whatever the settings say', async () => {
    await expectWhole()
    fs.renameSync(far, join(root, 'not mounted'))
    await refused('Is that volume mounted?')
    fs.mkdirSync(far)
    await refused('Is that volume mounted?')
    await refused('Is that volume mounted?', '')
  })

  test('where the directory that is named is not there, and nothing is moved', async () => {
    await refused('Is that volume mounted?', join(root, 'nowhere'))
    expect(fs.readdirSync(data).filter(name => name.startsWith('archive'))).toEqual(['archive'])
    await expectWhole('')
    expect(archives(join(data, 'archive'))).toEqual(archives(join(sound, 'data', 'archive')))
  })

  test('where the archives lie elsewhere than is said', async () => {
    await expectWhole()
    await refused('move that directory there', join(root, 'elsewhere'))
  })

  test('of a copy of the data directory, which would share the archives, until it is theirs', async () => {
    await expectWhole()
    const target = home()
    fs.renameSync(data, join(root, 'original'))
    fs.cpSync(join(root, 'original'), data, { recursive: true, verbatimSymlinks: true })
    await refused('of which this is a copy')
    fs.rmSync(`${target}.owner`)
    await expectWhole()
  })

  test('where one directory lies in the other', () => refused('lies in the other', join(data, 'far')))
})
