// Damaged events and snapshots: what cannot be read is told and never passed over unasked, and no snapshot hides it once it is known.
import { expect, test } from '@jest/globals'
import { DATA, openTiny } from '../crash/tiny-store.js'
import { BentClock } from '../support/manual-clock.js'
import { FakeDisk } from '../support/fake-disk.js'
import { BenchOfStates } from './state-fixture.js'

const MARK = 'the words of the event that is hit'

async function damagedStory() {
  const disk = new FakeDisk({ seed: 1, directories: [DATA] })
  const clock = new BentClock()
  let bench = await BenchOfStates.open(disk, await openTiny(disk, clock))
  for (let n = 1; n <= 40; n++) {
    const data = n === 7 ? { hit: MARK } : { [`k${n % 5}`]: n, filler: 'x'.repeat(200) }
    await bench.append({ type: n === 7 ? 'hit' : 'T', data })
  }
  for (const fold of [{}, { filter: { types: ['T'] } }]) await bench.keep(fold)
  const whole = await bench.answer({})
  await bench.append({ data: { late: true } })
  await bench.store.close()
  const path = disk.files().find(name => Buffer.from(disk.bytes(name)).includes(MARK)) as string
  disk.flip(path, Buffer.from(disk.bytes(path)).indexOf(MARK) + 3)
  bench = await BenchOfStates.open(disk, await openTiny(disk, clock))
  return { bench, whole }
}

test('a replay over them ends, or passes over them when asked to and says so; it begins with no snapshot then', async () => {
  const { bench } = await damagedStory()
  const skipping = { onDamaged: 'skip' } as const
  await expect(bench.replay({ snapshots: false })).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  const skipped = await bench.replay(skipping)
  expect(skipped).toMatchObject({ events: 40, snapshot: null, damaged: [{ from: 7, to: 7 }] })
  expect(JSON.stringify(skipped.state)).not.toContain(MARK)
  await bench.store.close()
})

test('the state up to before them, and of events that they are not among, is what it was', async () => {
  const { bench } = await damagedStory()
  expect(await bench.replay({ at: 6 })).toMatchObject({ events: 6, damaged: [] })
  const others = { filter: { types: ['T'] } }
  expect(await bench.answer(others)).toBe(await bench.answer({ ...others, snapshots: false }))
  await bench.store.close()
})

test('no snapshot is made or verified over them, and what there was is kept', async () => {
  const { bench } = await damagedStory()
  await expect(bench.replay({ snapshots: false })).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  const before = bench.shelf.list()
  for (const { id, header } of before) {
    if (header.events !== 40) continue
    const found = await bench.snapshots.verify(id).catch(error => error)
    expect(found.verdict ?? found.code).toMatch(/^(outdated|DATA_CORRUPT)$/)
  }
  expect(bench.shelf.list()).toEqual(before)
  expect(bench.snapshots.parts.counts.quarantined).toBe(0)
  await expect(bench.replay({})).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
  await bench.store.close()
})

test('as long as nobody has met them, a snapshot that was made before they were hit answers what is true', async () => {
  const { bench, whole } = await damagedStory()
  expect(await bench.answer({ at: 40 })).toBe(whole)
  expect(await bench.replay({})).toMatchObject({ events: 41, state: { hit: MARK, late: true } })
  await bench.store.close()
})
