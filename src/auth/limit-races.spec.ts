// What another thread does between two steps of one is seen: nothing is charged twice, given twice or charged in vain.
import { mock } from 'node:test'
import { afterEach, expect, test } from '@jest/globals'
import { defaultQuotas } from '../config/figures.js'
import { DEFAULT_WORK_LIMITS } from '../contract/work-limits.js'
import { memoryOfLimits, SharedLimits } from '../threads/shared-limits.js'
import { Access } from './access.js'
import { AddressLimit } from './address-limit.js'
import { Quotas } from './quotas.js'
import { WorkBudgets } from './work-budgets.js'

const ADA = new Access({ agentId: 'ada', role: 'agent' })
const agent = { requestsPerMinute: 10, eventsPerMinute: 10, bytesPerMinute: 100, batch: 100 }
const RATE_LIMITED = expect.objectContaining({ code: 'RATE_LIMITED' })

afterEach(() => mock.restoreAll())

/** Both threads, as each of them makes it of its limits; their clock stands still. */
function both<T>(make: (limits: SharedLimits) => T): [T, T] {
  const clock = { now: () => 0n }
  const memory = memoryOfLimits(2, clock)
  return [make(new SharedLimits(0, memory, clock)), make(new SharedLimits(1, memory, clock))]
}

/** The other thread does this just before the next step of this kind, once. */
function between(step: 'compareExchange' | 'store', nth: number, others: () => void): void {
  const real = Atomics[step] as (...given: unknown[]) => unknown
  let steps = 0
  mock.method(Atomics, step, (...given: unknown[]) => {
    if (++steps === nth) others()
    return real.apply(Atomics, given)
  })
}

const quotasOf = (limits: SharedLimits) => new Quotas({ ...defaultQuotas, agent }, limits)

function left(quotas: Quotas): number[] {
  const { requests, events, bytes } = quotas.allowances(ADA)
  return [requests.left, events.left, bytes.left]
}

test('a charge that comes between reading a bucket and writing it is kept', () => {
  const [here, there] = both(quotasOf)
  here.charge(ADA, { requests: 1 })
  between('compareExchange', 1, () => there.charge(ADA, { requests: 4 }))
  here.charge(ADA, { requests: 2 })
  expect([left(here), left(there)]).toEqual(Array(2).fill([3, 10, 100]))
})

test.each([
  ['events', 2, { events: 9 }, [10, 1, 100]],
  ['bytes', 3, { bytes: 99 }, [10, 10, 1]],
])(
  'what is charged when the %s have just been taken by another is refused and charges nothing',
  (_, step, others, rest) => {
    const [here, there] = both(quotasOf)
    here.fields(ADA)
    between('compareExchange', step, () => there.charge(ADA, others))
    expect(() => here.charge(ADA, { requests: 2, events: 3, bytes: 4 })).toThrow(RATE_LIMITED)
    mock.restoreAll()
    expect(left(there)).toEqual(rest)
  },
)

test('two threads that see an agent for the first time give it one row', () => {
  const [here, there] = both(quotasOf)
  between('compareExchange', 1, () => there.charge(ADA, { requests: 4 }))
  here.charge(ADA, { requests: 2 })
  expect([left(here), left(there)]).toEqual(Array(2).fill([4, 10, 100]))
})

test('the last one is held by whoever said so first, and there is none for the other', () => {
  const limits = { ...DEFAULT_WORK_LIMITS, waits: 3 }
  const [here, there] = both(shared => new WorkBudgets(limits, shared))
  here.take('ada', 'waits')
  there.take('ada', 'waits')
  // Seen to fit here, and not said yet.
  between('store', 1, () => there.take('ada', 'waits'))
  expect(here.taken('ada', 'waits')).toBeUndefined()
  mock.restoreAll()
  expect([here.heldBy('ada', 'waits'), there.heldBy('ada', 'waits')]).toEqual([3, 3])
})

test('a failed token that comes between counting one is counted too', () => {
  const [here, there] = both(shared => new AddressLimit(3, 'failed tokens', shared))
  here.admits('192.0.2.1')
  between('compareExchange', 1, () => there.admits('192.0.2.1'))
  expect([here.admits('192.0.2.1'), here.admits('192.0.2.1'), there.admits('192.0.2.1')]).toEqual([true, false, false])
})
