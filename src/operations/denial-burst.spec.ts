// When denied requests are an incident, and when it is over.
import { Denials } from '../auth/denials.js'
import { Signals } from '../signals/signals.js'
import { DenialBurst } from './denial-burst.js'

function watched(perMinute = 100) {
  const denials = new Denials()
  const signals = new Signals()
  const burst = new DenialBurst(denials.counts, signals, perMinute)
  const slice = (denied: number, reason: 'FORBIDDEN' | 'RATE_LIMITED' = 'FORBIDDEN') => {
    for (let n = 0; n < denied; n++) denials.report({ reason, who: 'a', route: 'GET /', detail: '' })
    burst.look()
    return signals.levelOf('security')
  }
  return { slice }
}

test('a hundred denied requests in a minute are an incident, until there are few', () => {
  const { slice } = watched()
  expect(slice(99)).toBe('ok')
  expect(slice(1)).toBe('warning')
  for (let n = 0; n < 10; n++) expect(slice(0)).toBe('warning')
  slice(0)
  expect(slice(0)).toBe('ok')
})

test('as many in an hour, or of a client that is too fast, are none', () => {
  const { slice } = watched()
  for (let n = 0; n < 720; n++) expect(slice(n % 10 === 0 ? 1 : 0)).toBe('ok')
  expect(slice(1_000, 'RATE_LIMITED')).toBe('ok')
  expect(watched(0).slice(1_000)).toBe('ok')
})
