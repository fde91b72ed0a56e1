// An address is counted by itself, and others cannot make the server forget it.
import { memoryOfLimits, SharedLimits } from '../threads/shared-limits.js'
import { WRITER_THREAD } from '../threads/this-thread.js'
import { AddressLimit } from './address-limit.js'

function limited(most: number) {
  let now = 0n
  const clock = { now: () => now }
  const limit = new AddressLimit(most, 'of a test', new SharedLimits(WRITER_THREAD, memoryOfLimits(1, clock), clock))
  const pass = (seconds: number) => {
    now += BigInt(seconds) * 1_000_000_000n
  }
  return { limit, pass }
}

test('an address is admitted as often as it may, and again in the next minute', () => {
  const { limit, pass } = limited(2)
  expect([limit.admits('a'), limit.admits('a'), limit.admits('a'), limit.admits('b')]).toEqual([
    true,
    true,
    false,
    true,
  ])
  pass(60)
  expect(limit.admits('a')).toBe(true)
})

test('ten thousand other addresses do not clear what one has done', () => {
  const { limit } = limited(60)
  for (let n = 0; n < 60; n++) expect(limit.admits('192.0.2.1')).toBe(true)
  const told: boolean[] = []
  for (let n = 0; n < 20_001; n++) {
    if (n % 5_000 === 0) told.push(limit.admits('192.0.2.1'))
    limit.admits(`2001:db8::${n.toString(16)}`)
  }
  expect(told).toEqual(Array(5).fill(false))
})
