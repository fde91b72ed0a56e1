// A bucket in one word: to the token what its limit says, whatever the limit, and steadily refilled.
import { expect, test } from '@jest/globals'
import { TokenBucket } from './token-bucket.js'

const bucketOf = (limit: number) => new TokenBucket(new BigInt64Array(new SharedArrayBuffer(8)), limit)
/** Three years after the start of the clock. */
const LATE = 3 * 365 * 86_400_000

test.each([
  [1, 0],
  [7, 0],
  [60, 12_345.678],
  [1_000, LATE],
  [99_991, LATE],
])('a minute’s worth of %d is there one by one, then nothing, and all of it again a minute later', (limit, now) => {
  const bucket = bucketOf(limit)
  const takenAt = (at: number) => {
    let taken = 0
    while (bucket.take(0, 1, at)) taken++
    return taken
  }
  expect([takenAt(now), bucket.left(0, now), bucket.untilFull(0, now)]).toEqual([limit, 0, 60])
  expect(bucket.wait(0, 1, now)).toBe(Math.max(1, Math.ceil(60 / limit)))
  expect(bucket.left(0, now + 30_000.01)).toBe(Math.floor(limit / 2))
  expect(takenAt(now + 60_001)).toBe(limit)
})

test.each([1e12, Number.MAX_SAFE_INTEGER])('a limit of %d holds, and waits are as of any other', limit => {
  const bucket = bucketOf(limit)
  expect(bucket.take(0, limit / 4, LATE) && bucket.take(0, limit / 2, LATE)).toBe(true)
  expect([bucket.take(0, limit / 2, LATE), bucket.wait(0, limit / 2, LATE)]).toEqual([false, 15])
  expect([bucket.left(0, LATE) / limit, bucket.untilFull(0, LATE)]).toEqual([expect.closeTo(0.25), 45])
  expect(bucket.wait(0, limit / 2, LATE + 15_001)).toBe(0)
})

test('what is given back is there again, also when the bucket was forgotten meanwhile', () => {
  const bucket = bucketOf(10)
  expect([bucket.take(0, 8, 0), bucket.take(0, 3, 0)]).toEqual([true, false])
  bucket.giveBack(0, 8)
  expect([bucket.left(0, 0), bucket.take(0, 10, 0), bucket.take(0, 1, 0)]).toEqual([10, true, false])
  const forgotten = bucketOf(10)
  forgotten.giveBack(0, 8)
  expect([forgotten.left(0, 0), forgotten.take(0, 11, 0), forgotten.left(0, 0)]).toEqual([10, true, 0])
})

test('a thread whose reading of the clock is older than another’s refills nothing and takes nothing twice', () => {
  const bucket = bucketOf(10)
  expect(bucket.take(0, 10, 60_000)).toBe(true)
  expect([bucket.take(0, 1, 59_999), bucket.left(0, 59_999), bucket.take(0, 1, 66_001)]).toEqual([false, 0, true])
})
