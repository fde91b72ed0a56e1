// Quotas by a clock that is handed in: what is let through, what has to wait and how long, and that nobody pays for another.
import fc from 'fast-check'
import type { Quota } from '../config/figures.js'
import { memoryOfLimits, SharedLimits } from '../threads/shared-limits.js'
import { WRITER_THREAD } from '../threads/this-thread.js'
import { Access, ROLES } from './access.js'
import { Quotas } from './quotas.js'

const SMALL: Quota = { requestsPerMinute: 60, eventsPerMinute: 600, bytesPerMinute: 60_000, batch: 100 }
const all = (quota: Quota) =>
  Object.fromEntries(ROLES.map(role => [role, quota])) as Record<(typeof ROLES)[number], Quota>
const agent = (agentId: string) => new Access({ agentId, role: 'agent' })

function meter(quota = SMALL) {
  let now = 0n
  const clock = { now: () => now }
  const quotas = new Quotas(all(quota), new SharedLimits(WRITER_THREAD, memoryOfLimits(1, clock), clock))
  const pass = (seconds: number) => {
    now += BigInt(Math.round(seconds * 1e9))
  }
  return { quotas, pass }
}

const codeOf = (work: () => void): string | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('a minute’s worth is let through at once, then one a second', () => {
  const { quotas, pass } = meter()
  for (let i = 0; i < 60; i++) quotas.charge(agent('a'), { requests: 1 })
  expect(() => quotas.charge(agent('a'), { requests: 1 })).toThrow(
    expect.objectContaining({ code: 'RATE_LIMITED', retryAfterSeconds: 1 }),
  )
  expect(quotas.fields(agent('a'))).toEqual({ limit: '"requests";r=0;t=60', policy: '"requests";q=60;w=60' })
  pass(1)
  quotas.charge(agent('a'), { requests: 1 })
  expect(codeOf(() => quotas.charge(agent('a'), { requests: 1 }))).toBe('RATE_LIMITED')
})

test('nobody pays for another, and the same agent in another role has another quota', () => {
  const { quotas } = meter()
  quotas.charge(agent('a'), { events: 600 })
  quotas.charge(agent('b'), { events: 600 })
  quotas.charge(new Access({ agentId: 'a', role: 'admin' }), { events: 600 })
  expect(codeOf(() => quotas.charge(agent('a'), { events: 1 }))).toBe('RATE_LIMITED')
})

test('what is refused is not counted', () => {
  const { quotas } = meter()
  quotas.charge(agent('a'), { events: 590, bytes: 10 })
  expect(codeOf(() => quotas.charge(agent('a'), { events: 11, bytes: 50_000 }))).toBe('RATE_LIMITED')
  quotas.charge(agent('a'), { events: 10, bytes: 59_990 })
})

test('more than a whole minute’s worth at once waits for a full bucket instead of for ever', () => {
  const { quotas, pass } = meter()
  quotas.charge(agent('a'), { bytes: 90_000 })
  expect(codeOf(() => quotas.charge(agent('a'), { bytes: 1 }))).toBe('RATE_LIMITED')
  pass(31)
  quotas.charge(agent('a'), { bytes: 1 })
})

test('a batch larger than the role’s is refused whatever is left', () => {
  const { quotas } = meter()
  quotas.checkBatch(agent('a'), 100)
  expect(codeOf(() => quotas.checkBatch(agent('a'), 101))).toBe('BATCH_TOO_LARGE')
})

test('ten thousand agents have their buckets at a time; long after, the first begins anew, and memory has its bound', () => {
  const { quotas, pass } = meter()
  const all = Array.from({ length: 10_000 }, (_, n) => agent(`a${n}`))
  for (const one of all) quotas.charge(one, { requests: 60 })
  expect(all.every(one => codeOf(() => quotas.charge(one, { requests: 1 })) === 'RATE_LIMITED')).toBe(true)
  for (let n = 0; n < 100_000; n++) {
    pass(1e-6)
    quotas.charge(agent(`later ${n}`), { requests: 1 })
  }
  expect(codeOf(() => quotas.charge(all[0] as Access, { requests: 1 }))).toBeUndefined()
})

test('whatever is asked when, no more gets through than a full bucket and what came back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 20 }))), asked => {
      const { quotas, pass } = meter()
      let through = 0
      let seconds = 0
      for (const [requests, wait] of asked) {
        if (codeOf(() => quotas.charge(agent('a'), { requests })) === undefined) through += requests
        expect(through).toBeLessThanOrEqual(60 + seconds + 1e-6)
        pass(wait)
        seconds += wait
      }
    }),
  )
})
