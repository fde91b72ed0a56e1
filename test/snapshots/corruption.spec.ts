// Each way in which a snapshot can be wrong: it is found out, moved aside, made again, and no replay is answered from it.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { Pressure } from '../../src/contract/pressure.js'
import { STATE_BYTES_MAX } from '../../src/folding/fold.js'
import { FOLDS_MAX } from '../../src/snapshots/registry.js'
import { encodeSnapshot, snapshotHash } from '../../src/snapshots/snapshot-file.js'
import { fileName } from '../../src/snapshots/snapshot-names.js'
import { SnapshotScheduler } from '../../src/snapshots/snapshot-scheduler.service.js'
import { packState } from '../../src/snapshots/state-codec.js'
import { FakeDisk } from '../support/fake-disk.js'
import { SEEN } from './naive-fold.js'
import { DIRECTORY, OPERATOR, StateFixture } from './state-fixture.js'
import { ballast } from './stories.js'

const RULES = {
  events: 10_000,
  growthBytes: 1e9,
  quietMs: 1e9,
  quietHours: '00:00-00:00',
  quietRequestsPerMinute: 0,
}
const quarantine = `${DIRECTORY}/quarantine/`

let disk: FakeDisk
let fixture: StateFixture

/** A full one at 2 and differences to it at 3 and 4; the log goes on to 5. */
beforeEach(async () => {
  disk = new FakeDisk({ seed: 1, directories: ['/data'] })
  fixture = await StateFixture.open(disk)
  await fixture.append(ballast, { data: { a: 1 } })
  for (const n of [1, 2, 3]) {
    await fixture.keep()
    await fixture.append({ data: { [`k${n}`]: 'new' } })
  }
})

const at = (position: number) => fixture.shelf.list().find(({ header }) => header.position === position)
const idAt = (position: number) => at(position)?.id as string
const pathAt = (position: number) => `${DIRECTORY}/${fileName(idAt(position))}`
const keeper = () => {
  const { store } = fixture
  const world = { store, nowMs: () => fixture.nowMs, requests: async () => 0, pressure: new Pressure() }
  return new SnapshotScheduler(fixture.snapshots, world, RULES)
}
const inQuarantine = () => disk.files().filter(path => path.startsWith(quarantine)).length
const truth = () => fixture.answer({ snapshots: false })

/** The bytes of one at `position`, whole in every way and yet not what the log says. */
async function forge(position: number, change: (state: Record<string, unknown>) => void): Promise<void> {
  const { header, state } = await fixture.snapshots.state(idAt(position), OPERATOR)
  change(state as Record<string, unknown>)
  const text = JSON.stringify(state)
  const { content } = await packState(text, undefined)
  const said = { bytes: Buffer.byteLength(text), sha256: snapshotHash(text).toString('hex') }
  const { chunks } = encodeSnapshot({ ...header, state: said, base: null, links: 0 }, content)
  disk.put(pathAt(position), Buffer.concat(chunks))
}

test('the story begins with a full one and differences to it', () => {
  expect(fixture.shelf.list().map(({ header }) => [header.position, header.links])).toEqual([
    [4, 2],
    [3, 1],
    [2, 0],
  ])
})

describe('a replay', () => {
  test.each<readonly [string, () => void, number | undefined]>([
    ['a bit of the newest has changed', () => disk.flip(pathAt(4), 300), 3],
    ['the newest is cut', () => disk.cut(pathAt(4), disk.bytes(pathAt(4)).length - 1), 3],
    ['the newest is empty', () => disk.cut(pathAt(4), 0), 3],
    [
      'something was written behind the newest',
      () => disk.put(pathAt(4), Buffer.concat([disk.bytes(pathAt(4)), Buffer.of(0)])),
      3,
    ],
    ['the newest is another file', () => disk.put(pathAt(4), Buffer.from('{"state":{"a":"evil"}}'.repeat(100))), 3],
    ['the newest is an older one', () => disk.put(pathAt(4), disk.bytes(pathAt(3))), 3],
    ['a bit of the one in between has changed', () => disk.flip(pathAt(3), 300), 2],
    ['a bit of the full one has changed', () => disk.flip(pathAt(2), 300), undefined],
  ])('when %s begins elsewhere, answers right, and another is made', async (_, harm, begins) => {
    const expected = await truth()
    harm()
    expect(await fixture.began()).toBe(begins)
    expect(await fixture.answer({})).toBe(expected)
    expect(inQuarantine()).toBe(begins === undefined ? 3 : 4 - begins)
    expect(fixture.snapshots.counts.quarantined).toBe(inQuarantine())
    await keeper().look()
    expect(fixture.snapshots.counts.made).toMatchObject({ repair: 1 })
    expect(await fixture.began()).toBe(5)
    expect(await fixture.answer({})).toBe(expected)
    await keeper().look()
    expect(fixture.snapshots.counts.made).toMatchObject({ repair: 1 })
  })

  test.each([2, 3, 4])('does without the file at %s when it is gone', async position => {
    const expected = await truth()
    await disk.unlink(pathAt(position))
    expect(await fixture.answer({})).toBe(expected)
    expect(await fixture.began()).toBe({ 2: undefined, 3: 2, 4: 3 }[position])
    await keeper().look()
    expect(await fixture.began()).toBe(5)
  })

  test('does not begin with one of another log, nor with one ahead of the log', async () => {
    const elsewhere = await StateFixture.open(new FakeDisk({ seed: 1, directories: ['/data'] }))
    for (const n of [1, 2, 3]) await elsewhere.append({ data: { [`b${n}`]: n } })
    fixture = await StateFixture.open(disk, elsewhere.store)
    expect(fixture.shelf.list().map(({ header }) => header.position)).toEqual([3, 2])
    expect(await fixture.began()).toBeUndefined()
    expect(await fixture.answer({})).toBe(await truth())
    expect(inQuarantine()).toBe(3)
  })

  test('does not begin with one that is larger than a state may be', async () => {
    await forge(4, state => {
      state['a'] = 'x'.repeat(STATE_BYTES_MAX)
    })
    fixture = await StateFixture.open(disk, fixture.store)
    expect(await fixture.began()).toBe(3)
    expect(await fixture.answer({})).toBe(await truth())
  })

  test('leaves files of other names and of later versions alone', async () => {
    const bytes = Buffer.from(disk.bytes(pathAt(4)))
    bytes.writeUInt16LE(9, 4)
    disk.put(pathAt(4), bytes)
    disk.put(`${DIRECTORY}/README`, Buffer.from('x'))
    const path = pathAt(4)
    fixture = await StateFixture.open(disk, fixture.store)
    expect(await fixture.began()).toBe(3)
    expect(disk.files()).toEqual(expect.arrayContaining([path, `${DIRECTORY}/README`]))
    expect(inQuarantine()).toBe(0)
  })
})

describe('verifying', () => {
  test('finds those sound that are', async () => {
    for (const position of [2, 3, 4]) {
      expect(await fixture.snapshots.verify(idAt(position))).toMatchObject({ verdict: 'sound', wrong: [] })
    }
    expect(fixture.shelf.list()).toHaveLength(3)
  })

  test.each([2, 3, 4])(
    'finds out a forged one at %s with all that was made of it, and makes it again',
    async position => {
      const expected = await truth()
      await forge(position, state => {
        state['a'] = 'evil'
      })
      fixture = await StateFixture.open(disk, fixture.store)
      const id = idAt(position)
      const found = await fixture.snapshots.verify(id)
      // Differences to other bytes than those they know are found out as they are read.
      expect(found.verdict).toBe('wrong')
      expect(found.wrong).toContain(id)
      expect(found.made?.header.position).toBe(position)
      expect(fixture.snapshots.counts.wrong).toBe(found.wrong.length)
      expect(await fixture.answer({})).toBe(expected)
      expect(await fixture.snapshots.verify(id)).toMatchObject({ verdict: 'sound' })
    },
  )

  test('finds a damaged one damaged, and makes another', async () => {
    const id = idAt(4)
    disk.flip(pathAt(4), 300)
    expect(await fixture.snapshots.verify(id)).toMatchObject({
      verdict: 'damaged',
      wrong: [id],
      made: { header: { position: 5 } },
    })
  })

  test('happens by itself once a day', async () => {
    await forge(4, state => {
      state['a'] = 'evil'
    })
    const guard = keeper()
    await guard.look()
    expect(fixture.snapshots.counts.wrong).toBe(0)
    fixture.nowMs += 24 * 3_600_000
    await guard.look()
    expect(fixture.snapshots.counts.wrong).toBeGreaterThan(0)
    expect(await fixture.answer({})).toBe(await truth())
  })
})

test('the list of what is kept, once damaged, is gathered again from what is at hand', async () => {
  await fixture.keep({ reducer: 'count' })
  disk.flip(`${DIRECTORY}/KEPT`, 200)
  fixture = await StateFixture.open(disk, fixture.store)
  expect(fixture.snapshots.registry.all).toHaveLength(2)
  expect(await fixture.began()).toBe(4)
})

test('what is gathered again is the projections’ where it was, and leaves room for as many as before', async () => {
  await fixture.projections.define('seen', SEEN, OPERATOR.agentId)
  await keeper().look()
  const { registry } = fixture.snapshots
  for (let n = registry.all.length; n <= FOLDS_MAX; n++) await fixture.keep({ filter: { types: [`T${n}`] } })
  await expect(fixture.keep({ reducer: 'count' })).rejects.toMatchObject({ code: 'SNAPSHOT_CONFLICT' })
  const idsBefore = registry.all.map(({ id }) => id).sort()

  disk.flip(`${DIRECTORY}/KEPT`, 200)
  fixture = await StateFixture.open(disk, fixture.store)
  expect(fixture.snapshots.registry.all.map(({ id }) => id).sort()).toEqual(idsBefore)
  const { projections, snapshots } = fixture
  const ofProjections = () => snapshots.registry.all.filter(({ keptBy }) => keptBy === '$projections').length
  await keeper().look()
  expect(ofProjections()).toBe(1)
  await projections.define('later', SEEN, OPERATOR.agentId)
  await keeper().look()
  expect(ofProjections()).toBe(2)
  for (const name of ['seen', 'later']) await projections.remove(name, OPERATOR.agentId)
  await keeper().look()
  expect([ofProjections(), snapshots.registry.all.length]).toEqual([0, FOLDS_MAX])

  // What somebody asked for is among those kept on request, as it was.
  await expect(fixture.keep({ reducer: 'count' })).rejects.toMatchObject({ code: 'SNAPSHOT_CONFLICT' })
  const [one] = snapshots.registry.all
  await snapshots.unregister(one?.id as string)
  await fixture.keep({ reducer: 'count' })
})
