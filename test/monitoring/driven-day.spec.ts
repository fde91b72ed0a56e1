// A day of quiet with the noise of a real run tells nobody of anything; of a day with trouble each incident is told once.
import { expect, test } from '@jest/globals'
import { tellOfKeySet } from '../../src/auth/key-set-signal.js'
import type { Signals } from '../../src/signals/signals.js'
import { signalsObserver } from '../../src/storage/observers.js'
import { DrivenDay, type Seen } from './driven-day.js'
import { sliceOf } from './noise.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

interface Incident {
  readonly told: string
  readonly minutes?: number
  /** What the monitors measure. */
  readonly seen?: (seen: Seen) => Seen
  /** What others tell, and that it is over. */
  readonly tells?: (signals: Signals, isOver: boolean) => void
}

const slow = sliceOf({ good: 400, bad: 0, durations: [[1_500, 400]] })
const failing = sliceOf({ good: 300, bad: 100, durations: [[3, 400]] })
const withAppends = (append: typeof slow) => (seen: Seen) => ({ ...seen, slices: { ...seen.slices, append } })
const shortOfMemory = (seen: Seen): Seen => ({
  ...seen,
  memory: { ...seen.memory, usedBytes: seen.memory.limitBytes * 0.97 },
})
const usedUp = (seen: Seen): Seen => ({ ...seen, volume: { ...seen.volume, freeBytes: seen.volume.totalBytes * 0.03 } })
const held = (seen: Seen): Seen => ({ ...seen, loop: { ...seen.loop, waitMs: 600 } })
const store =
  (reason: 'disk_full' | 'corrupt' | 'failed_sync', hangs: boolean) => (signals: Signals, isOver: boolean) => {
    const { writeState, hung } = signalsObserver(signals)
    if (hangs) hung?.({ hung: !isOver, ms: 30_000 })
    writeState?.(isOver ? { writable: true } : { writable: false, reason, detail: 'it was planted' })
  }

/** It is over when an operator says so, once the store is whole again. */
function damage(signals: Signals, isOver: boolean): void {
  store('corrupt', false)(signals, isOver)
  if (isOver) signals.tell({ cause: 'integrity', level: 'ok', detail: 'an operator has looked', metrics: {} })
}

/** Each with what follows from it. */
const INCIDENTS: readonly Incident[] = [
  { told: 'write_latency P1', seen: withAppends(slow) },
  { told: 'write_errors P1', seen: withAppends(failing) },
  { told: 'memory P1', seen: seen => held(withAppends(slow)(shortOfMemory(seen))) },
  { told: 'storage_space P1', seen: usedUp },
  { told: 'disk_full P1', seen: seen => withAppends(failing)(usedUp(seen)), tells: store('disk_full', false) },
  { told: 'integrity P1', seen: withAppends(failing), tells: damage },
  { told: 'storage_failed P1', seen: withAppends(failing), tells: store('failed_sync', true) },
  {
    told: 'dependency P1',
    tells: (signals, isOver) => tellOfKeySet(signals, { reached: isOver, keys: isOver ? 2 : 0 }),
  },
  {
    told: 'dependency P2',
    minutes: 25,
    tells: (signals, isOver) => tellOfKeySet(signals, { reached: isOver, keys: 2 }),
  },
  {
    told: 'descriptors P3',
    minutes: 62,
    seen: seen => ({ ...seen, descriptors: { open: seen.descriptors.limit * 0.9, limit: seen.descriptors.limit } }),
  },
]

test('a day of quiet with the noise of a real run tells nobody of anything', async () => {
  const day = new DrivenDay()
  await day.pass(DAY)
  expect(day.told).toEqual([])
  expect(day.modes).not.toContain('EMERGENCY')
})

test('of a day with twenty incidents each is found, grouped with what follows from it, and resolved once', async () => {
  const day = new DrivenDay()
  const planted = [...INCIDENTS, ...INCIDENTS]
  for (const { told, minutes = 10, seen, tells } of planted) {
    const before = day.told.length
    tells?.(day.signals, false)
    await day.pass(minutes * MINUTE, seen)
    tells?.(day.signals, true)
    await day.pass(DAY / planted.length - minutes * MINUTE)
    const toldOf = day.told.slice(before).filter(({ channel }) => channel === 'webhook')
    expect(toldOf.map(({ notice }) => notice).filter(notice => notice !== 'digest')).toEqual([
      `opened ${told}`,
      `resolved ${told}`,
    ])
    expect(day.book.open().map(({ cause }) => cause)).toEqual([])
  }
  const paged = planted.filter(({ told }) => told.endsWith('P1')).length
  expect(day.noticesOf('pagerduty')).toHaveLength(2 * paged)
  expect(day.noticesOf('webhook').filter(notice => notice.startsWith('opened'))).toHaveLength(20)
})
