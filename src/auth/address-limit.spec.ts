// An address is counted by itself, and others cannot make the server forget it.
import { AddressLimit } from './address-limit.js'

test('an address is admitted as often as it may, and again in the next minute', () => {
  let now = 0
  const limit = new AddressLimit(2, () => now)
  expect([limit.admits('a'), limit.admits('a'), limit.admits('a'), limit.admits('b')]).toEqual([
    true,
    true,
    false,
    true,
  ])
  now = 60_000
  expect(limit.admits('a')).toBe(true)
})

test('ten thousand other addresses do not clear what one has done', () => {
  const limit = new AddressLimit(60, () => 0)
  for (let n = 0; n < 60; n++) expect(limit.admits('192.0.2.1')).toBe(true)
  const told: boolean[] = []
  for (let n = 0; n < 20_001; n++) {
    if (n % 5_000 === 0) told.push(limit.admits('192.0.2.1'))
    limit.admits(`2001:db8::${n.toString(16)}`)
  }
  expect(told).toEqual(Array(5).fill(false))
})
