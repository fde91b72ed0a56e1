// What the backend tells reaches the metrics, the mode and everybody else who listens.
import type { Logger } from '@nestjs/common'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { type Observer, Observers } from '../contract/observer.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { Signals } from '../signals/signals.js'
import { logObserver, metricsObserver, signalsObserver } from './observers.js'

test('each observer is told what it listens to', () => {
  const told: string[] = []
  const observer = (name: string): Observer => ({ warned: ({ what }) => told.push(`${name}: ${what}`) })
  const all = new Observers([observer('a'), {}, observer('b')])
  all.warned({ what: 'unknown file', detail: '' })
  all.rotated({ name: 's', bytes: 1, events: 1 })
  expect(told).toEqual(['a: unknown file', 'b: unknown file'])
})

test('an observer that throws keeps no other from hearing, and never reaches the backend', () => {
  const told: string[] = []
  const broken = () => {
    throw new Error('the observer is broken')
  }
  new Observers([{ warned: broken }, { warned: ({ what }) => told.push(what) }]).warned({ what: 'x', detail: '' })
  expect(told).toEqual(['x'])
})

test('syncs and passes of the background check are counted', async () => {
  const metrics = await metricsUnderTest()
  const observers = new Observers([metricsObserver(metrics, new ServiceLevels())])
  observers.appended({ events: 3, bytes: 9, syncMs: 4, head: 3 })
  observers.scrubbed({ bytes: 9, damaged: 1, ms: 1 })
  const bad = await metrics.registry.metrics()
  expect(bad).toContain('lighthouse_sync_duration_seconds_bucket{le="0.005"} 1')
  expect(bad).toContain('lighthouse_sync_duration_seconds_bucket{le="0.002"} 0')
  expect(bad).toContain('lighthouse_scrubs_total{result="damaged"} 1')
  expect(bad).toContain('lighthouse_last_good_scrub_timestamp_seconds 0')
  observers.scrubbed({ bytes: 9, damaged: 0, ms: 1 })
  const good = await metrics.registry.metrics()
  expect(good).toContain('lighthouse_scrubs_total{result="good"} 1')
  expect(good).toMatch(/lighthouse_last_good_scrub_timestamp_seconds 1\.\d+e\+09|seconds \d{10}/)
})

test('a pass of the background check is a line of the log, louder where it found damage', () => {
  const lines: unknown[] = []
  const log = (fact: unknown) => void lines.push(['log', fact])
  const error = (fact: unknown) => void lines.push(['error', fact])
  const observers = new Observers([logObserver({ log, error } as unknown as Logger)])
  observers.scrubbed({ bytes: 9, damaged: 0, ms: 1 })
  observers.scrubbed({ bytes: 9, damaged: 2, ms: 1 })
  expect(lines).toEqual([
    ['log', { bytes: 9, damaged: 0, ms: 1, message: 'all sealed segments are sound' }],
    ['error', { bytes: 9, damaged: 2, ms: 1, message: 'the check of sealed segments found damage' }],
  ])
})

test('a store that takes no appends is told as a signal of its cause, and as over once it does; damage is over by a word alone', () => {
  const signals = new Signals()
  const observers = new Observers([signalsObserver(signals)])
  observers.writeState({ writable: false, reason: 'disk_full', detail: '/data is full' })
  expect(signals.active).toMatchObject([{ cause: 'disk_full', level: 'critical', detail: 'the disk is full' }])
  observers.writeState({ writable: false, reason: 'corrupt', detail: '' })
  expect(signals.active.map(({ cause }) => cause)).toEqual(['integrity'])
  observers.writeState({ writable: false, reason: 'closed', detail: '' })
  expect(signals.active.map(({ cause }) => cause)).toEqual(['integrity'])
  observers.writeState({ writable: true })
  expect(signals.active.map(({ cause }) => cause)).toEqual(['integrity'])
  signals.tell({ cause: 'integrity', level: 'ok', detail: '', metrics: {} })
  observers.restored({ name: 'seg', firstPosition: 1, lastPosition: 7, kept: null })
  expect(signals.active).toMatchObject([{ cause: 'integrity', level: 'critical' }])
  signals.tell({ cause: 'integrity', level: 'ok', detail: '', metrics: {} })
  observers.writeState({ writable: false, reason: 'disk_full', detail: '' })
  observers.writeState({ writable: true })
  expect(signals.active).toEqual([])
})
