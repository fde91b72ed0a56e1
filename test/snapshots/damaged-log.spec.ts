// Damaged events and snapshots: what cannot be read is told and never passed over unasked, and no snapshot hides it once it is known.
import { expect, test } from '@jest/globals'
import { DATA, openTiny } from '../crash/tiny-store.js'
import { FakeDisk } from '../support/fake-disk.js'
import { ManualClock } from '../support/manual-clock.js'
import { StateFixture } from './state-fixture.js'

const MARK = 'the words of the event that is hit'

async function damagedStory() {
  const disk = new FakeDisk({ seed: 1, directories: [DATA] })
  const clock = new ManualClock()
  let fixture = await StateFixture.open(disk, await openTiny(disk, clock))
  for (let n = 1; n <= 40; n++) {
    const data = n === 7 ? { hit: MARK } : { [`k${n % 5}`]: n, filler: 'x'.repeat(200) }
    await fixture.append({ type: n === 7 ? 'hit' : 'T', data })
  }
  for (const fold of [{}, { filter: { types: ['T'] } }]) await fixture.keep(fold)
  const whole = await fixture.answer({})
  await fixture.append({ data: { late: true } })
  await fixture.store.close()
  const path = disk.files().find(name => Buffer.from(disk.bytes(name)).includes(MARK)) as string
  disk.flip(path, Buffer.from(disk.bytes(path)).indexOf(MARK) + 3)
  fixture = await StateFixture.open(disk, await openTiny(disk, clock))
  return { fixture, whole }
}

test('a replay over them ends, or passes over them when asked to and says so; it begins with no snapshot then', async () => {
  const { fixture } = await damagedStory()
  const skipping = { onDamaged: 'skip' } as const
  await expect(fixture.replay({ snapshots: false })).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  const skipped = await fixture.replay(skipping)
  expect(skipped).toMatchObject({ events: 40, snapshot: null, damaged: [{ from: 7, to: 7 }] })
  expect(JSON.stringify(skipped.state)).not.toContain(MARK)
  await fixture.store.close()
})

test('the state up to before them, and of events that they are not among, is what it was', async () => {
  const { fixture } = await damagedStory()
  expect(await fixture.replay({ at: 6 })).toMatchObject({ events: 6, damaged: [] })
  const others = { filter: { types: ['T'] } }
  expect(await fixture.answer(others)).toBe(await fixture.answer({ ...others, snapshots: false }))
  await fixture.store.close()
})

test('no snapshot is made or verified over them, and what there was is kept', async () => {
  const { fixture } = await damagedStory()
  await expect(fixture.replay({ snapshots: false })).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  const before = fixture.shelf.list()
  for (const { id, header } of before) {
    if (header.events !== 40) continue
    const found = await fixture.snapshots.verify(id).catch(error => error)
    expect(found.verdict ?? found.code).toMatch(/^(outdated|DATA_CORRUPT)$/)
  }
  expect(fixture.shelf.list()).toEqual(before)
  expect(fixture.snapshots.counts.quarantined).toBe(0)
  await expect(fixture.replay({})).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  await fixture.store.close()
})

test('as long as nobody has met them, a snapshot that was made before they were hit answers what is true', async () => {
  const { fixture, whole } = await damagedStory()
  expect(await fixture.answer({ at: 40 })).toBe(whole)
  expect(await fixture.replay({})).toMatchObject({ events: 41, state: { hit: MARK, late: true } })
  await fixture.store.close()
})
