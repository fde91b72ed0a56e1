// Names hash as HalfSipHash-1-3 says, apart by kind and by character, and evenly.
import { expect, test } from '@jest/globals'
import { NameHash } from './name-hash.js'

const hashes = () => new NameHash(0x03020100, 0x07060504)
const of = (name: string) => BigInt.asUintN(64, hashes().of(name).key).toString(16)

/** Made with the reference implementation, of the bytes in UTF-16, with one round for a word and three at the end. */
test.each([
  ['', '2af7202321d0a576'],
  ['a', '65d2e33cde235fbe'],
  ['agent-17', 'cfb85a5206da872f'],
  ['ü€𝄞x', '1e11a412960bd171'],
])('the hash of %j is the one of the reference implementation', (name, hash) => {
  expect(of(name)).toBe(hash)
})

test('equal names of two kinds are two, and another key makes other hashes', () => {
  const [waits, reads] = [hashes().ofKind('waits'), hashes().ofKind('reads')]
  const other = new NameHash(0x03020100, 0x07060505)
  const keys = [waits.of('ada').key, reads.of('ada').key, hashes().of('ada').key, other.of('ada').key]
  expect(new Set(keys).size).toBe(4)
  expect(hashes().ofKind('waits').of('ada').key).toBe(keys[0])
})

test('a hundred thousand names that differ in a digit have as many hashes, and spread evenly over what they are kept in', () => {
  const hash = hashes().ofKind('agents')
  const keys = new Set<bigint>()
  const perSlot = new Int32Array(1_024)
  for (let n = 0; n < 100_000; n++) {
    const { low, key } = hash.of(`agent-${n}`)
    keys.add(key)
    perSlot[low & 1_023] = (perSlot[low & 1_023] as number) + 1
  }
  expect(keys.size).toBe(100_000)
  expect(Math.max(...perSlot)).toBeLessThan(160)
  expect(Math.min(...perSlot)).toBeGreaterThan(50)
})
