// The text for all settings changes with every one of them, and tells nothing of secrets.
import { configHash } from './config-hash.js'
import { loadSettings } from './load-settings.js'

const hashWith = (variables: Readonly<Record<string, string>>) => configHash(loadSettings(variables))

test('it is the same for the same settings, and another when one of them differs, however deep', () => {
  const plain = hashWith({})
  expect(plain).toMatch(/^[0-9a-f]{16}$/)
  expect(hashWith({})).toBe(plain)
  const others = [{ LIGHTHOUSE_PORT: '9' }, { LIGHTHOUSE_QUOTAS: '{"agent":{"batch":7}}' }].map(hashWith)
  expect(new Set([plain, ...others]).size).toBe(3)
})

test('a secret does not show in it', () => {
  const [one, other] = ['a', 'b'].map(letter => hashWith({ LIGHTHOUSE_JWT_SECRET: letter.repeat(32) }))
  expect(one).toBe(other)
})
