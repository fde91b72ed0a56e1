// The mode goes on where an earlier process ended, and by what trial writes come to.
import { expect, test } from '@jest/globals'
import { Signals } from '../signals/signals.js'
import { ModeHolder } from './mode-holder.js'
import { ModeTransitions } from './mode-transitions.service.js'
import { FIRST_MODE, type ModeState } from './next-mode.js'

const EMERGENCY: ModeState = { ...FIRST_MODE, mode: 'EMERGENCY', cause: 'disk_full', sinceMs: 0, trialMs: 0 }
const LATER = 1e13

test('an emergency of before ends when a write is stored, and not before', async () => {
  const mode = new ModeHolder()
  const transitions = new ModeTransitions(new Signals(), mode)
  const changes: string[] = []
  transitions.listen(({ from, to }) => changes.push(`${from.mode} ${to.mode}`))
  transitions.restore(EMERGENCY, 'as before')
  await transitions.tick(LATER)
  expect(mode.state.mode).toBe('EMERGENCY')
  let stores = false
  transitions.tryBy(async () => {
    if (!stores) throw new Error('no room')
  })
  await transitions.tick(LATER)
  expect(mode.state.mode).toBe('EMERGENCY')
  stores = true
  await transitions.tick(2 * LATER)
  expect(mode.state.mode).toBe('RECOVERING')
  for (let at = 3; mode.state.mode === 'RECOVERING' && at < 30; at++) await transitions.tick(at * LATER)
  expect([mode.state.mode, changes[0], changes.at(-1)]).toEqual(['NORMAL', 'EMERGENCY RECOVERING', 'RECOVERING NORMAL'])
})
