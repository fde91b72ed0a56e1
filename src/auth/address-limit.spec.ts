// How often an address may do something in a minute: so often, each address for itself, and again in the next minute.
import { AddressLimit } from './address-limit.js'

test('an address may so often in a minute, and the others as often', () => {
  let now = 0
  const limit = new AddressLimit(2, () => now)
  const twice = (address: string) => [limit.admits(address), limit.admits(address), limit.admits(address)]
  expect([twice('a'), twice('b')]).toEqual([
    [true, true, false],
    [true, true, false],
  ])
  now += 60_000
  expect(twice('a')).toEqual([true, true, false])
})
