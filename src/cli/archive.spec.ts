// Archiving by hand: a stopped store of several days has its old segments compressed, and every event stays as it was.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { AgedStore } from '../../test/support/aged-store.js'
import { ManualClock, SECOND } from '../../test/support/manual-clock.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { run } from './run.js'

/** 2020-01-01T00:00:00Z */
const LONG_AGO = 1_577_836_800n * SECOND

let directory: string

beforeEach(() => {
  directory = makeTempDirectory()
})

afterEach(() => removeTempDirectory(directory))

async function words(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await run(args, { out: text => out.push(text), err: text => err.push(text) })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

async function threeDays() {
  const aged = await AgedStore.open(undefined, directory, new ManualClock(LONG_AGO), { allowUnsafeFilesystem: true })
  for (let day = 0; day < 3; day++) await aged.day()
  return aged
}

test('what is older is compressed, what is not stays, and the events are the same', async () => {
  process.env['LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM'] = 'true'
  const aged = await threeDays()
  const events = await aged.events()
  await aged.store.close()
  expect(await words('archive', directory, '--older-than', '36500')).toEqual({
    code: 0,
    out: 'nothing is old enough',
    err: '',
  })
  const { code, out } = await words('archive', directory, '--older-than', '1', '--json')
  const report = JSON.parse(out)
  expect([code, report]).toEqual([
    0,
    { segments: 2, bytes: expect.any(Number), archivedBytes: expect.any(Number), failed: [] },
  ])
  expect(report.archivedBytes).toBeLessThan(report.bytes)
  expect(readdirSync(join(directory, 'archive')).filter(name => name.endsWith('.zst'))).toHaveLength(2)
  expect((await words('verify', directory)).code).toBe(0)
  const again = await AgedStore.open(undefined, directory, new ManualClock(LONG_AGO), { allowUnsafeFilesystem: true })
  expect(await again.events()).toEqual(events)
  await again.store.close()
})

test('a store in use is left alone, and it says who archives there', async () => {
  const aged = await threeDays()
  const { code, err } = await words('archive', directory)
  await aged.store.close()
  expect([code, err.split('\n').at(-1)]).toEqual([
    3,
    'Next: The server archives by itself what is older than LIGHTHOUSE_ARCHIVE_AFTER_DAYS says.',
  ])
})

test.each(['0', '-1', 'week', '1.5'])('%s is no number of days', async days => {
  const { code, err } = await words('archive', directory, '--older-than', days)
  expect([code, err]).toEqual([2, expect.stringContaining('--older-than takes a number of days from 1 on')])
})
