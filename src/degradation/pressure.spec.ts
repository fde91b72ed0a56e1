// What the service gives up in trouble follows from the mode and from memory, and only memory makes it small.
import { Signals } from '../signals/signals.js'
import { ModeHolder } from './mode-holder.js'
import { ModeTransitions } from './mode-transitions.service.js'
import { FIRST_MODE } from './next-mode.js'

const signals = new Signals()
const mode = new ModeHolder()
const transitions = new ModeTransitions(signals, mode)
const { pressure } = mode
const seen: unknown[] = []
pressure.listen(() => seen.push([pressure.memoryIsShort, pressure.rests]))
const tell = (cause: 'memory' | 'manual' | 'disk_full', level: 'ok' | 'warning' | 'critical') =>
  signals.tell({ cause, level, detail: 'x', metrics: {} })

test('a warning of memory makes caches small and lets work rest; any other warning does neither', () => {
  tell('manual', 'warning')
  expect([pressure.memoryIsShort, pressure.rests]).toEqual([false, false])
  tell('memory', 'warning')
  expect([pressure.memoryIsShort, pressure.rests, pressure.shareOf(800)]).toEqual([true, true, 100])
  tell('memory', 'ok')
  expect([pressure.memoryIsShort, pressure.rests, pressure.shareOf(800)]).toEqual([false, false, 800])
})

test('EMERGENCY of another cause lets work rest, also when it was restored, and leaves the caches as they are', async () => {
  tell('disk_full', 'critical')
  expect([pressure.memoryIsShort, pressure.rests]).toEqual([false, true])
  transitions.tryBy(() => Promise.resolve())
  tell('disk_full', 'ok')
  await transitions.tick(transitions.state.trialMs)
  expect([transitions.state.mode, pressure.rests]).toEqual(['RECOVERING', false])
  transitions.restore({ ...FIRST_MODE, mode: 'EMERGENCY', sinceMs: Date.now() }, 'it was')
  expect(pressure.rests).toBe(true)
  expect(seen).toEqual([
    [true, true],
    [false, false],
    [false, true],
    [false, false],
    [false, true],
  ])
})
