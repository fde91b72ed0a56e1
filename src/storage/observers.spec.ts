// What the backend tells reaches the metrics, the mode and everybody else who listens.

import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import type { Observer } from '../contract/observer.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { metricsObserver, modeObserver, toAll } from './observers.js'

test('each listener is told what it listens to', () => {
  const told: string[] = []
  const listener = (name: string): Observer => ({ noticed: ({ what }) => told.push(`${name}: ${what}`) })
  const all = toAll([listener('a'), {}, listener('b')])
  all.noticed({ what: 'unknown file', detail: '' })
  all.rotated({ name: 's', bytes: 1, events: 1 })
  expect(told).toEqual(['a: unknown file', 'b: unknown file'])
})

test('syncs and passes of the background check are counted', async () => {
  const metrics = await metricsUnderTest()
  const { appended, scrubbed } = toAll([metricsObserver(metrics)])
  appended({ events: 3, bytes: 9, syncMs: 4, head: 3 })
  scrubbed({ bytes: 9, damaged: 1, ms: 1 })
  const bad = await metrics.registry.metrics()
  expect(bad).toContain('lighthouse_sync_duration_seconds_bucket{le="0.005"} 1')
  expect(bad).toContain('lighthouse_sync_duration_seconds_bucket{le="0.002"} 0')
  expect(bad).toContain('lighthouse_scrubs_total{result="damaged"} 1')
  expect(bad).toContain('lighthouse_last_good_scrub_timestamp_seconds 0')
  scrubbed({ bytes: 9, damaged: 0, ms: 1 })
  const good = await metrics.registry.metrics()
  expect(good).toContain('lighthouse_scrubs_total{result="good"} 1')
  expect(good).toMatch(/lighthouse_last_good_scrub_timestamp_seconds 1\.\d+e\+09|seconds \d{10}/)
})

test('the mode follows whether appends are taken', () => {
  const mode = new ModeHolder()
  const { writeState } = toAll([modeObserver(mode)])
  writeState({ writable: false, reason: 'disk_full', detail: '' })
  expect(mode.current).toBe('EMERGENCY')
  writeState({ writable: true })
  expect(mode.current).toBe('NORMAL')
})
