// When something is tried again, and that waiting ends with its signal.
import { describe, expect, test } from '@jest/globals'
import { LighthouseError, NetworkError } from './errors.js'
import { pause, Retry } from './retry.js'

const broken = new NetworkError('no answer')
const later = (retryAfterSeconds: number) =>
  new LighthouseError('OVERLOADED', '', { retryable: true, retryAfterSeconds })

describe('a retry', () => {
  test('waits twice as long each time, up to a limit, and half of it is chance', () => {
    const options = { attempts: 6, firstDelayMs: 100, longestDelayMs: 500 }
    const delays = (chance: number) => [1, 2, 3, 4, 5, 6].map(n => new Retry(options, () => chance).after(n, broken))
    expect(delays(0)).toEqual([50, 100, 200, 250, 250, undefined])
    expect(delays(1)).toEqual([100, 200, 400, 500, 500, undefined])
  })

  test('is as patient as the server asks, within reason', () => {
    const retry = new Retry({ firstDelayMs: 100 }, () => 1)
    expect(retry.after(1, later(2))).toBe(2_100)
    expect(retry.after(1, later(61))).toBeUndefined()
  })

  test('is not for what will fail again, and not for those who want none', () => {
    expect(new Retry({}).after(1, new LighthouseError('FORBIDDEN', ''))).toBeUndefined()
    expect(new Retry(false).after(1, broken)).toBeUndefined()
    expect([new Retry(false).never, new Retry(undefined).never]).toEqual([true, false])
  })

  test.each([{ attempts: 0 }, { firstDelayMs: -1 }, { longestDelayMs: 1.5 }])('refuses %j', options => {
    expect(() => new Retry(options)).toThrow(TypeError)
  })
})

test('a pause ends when its signal is aborted, before or meanwhile', async () => {
  const reason = new Error('enough')
  await expect(pause(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
  const controller = new AbortController()
  const pausing = pause(60_000, controller.signal)
  controller.abort(reason)
  await expect(pausing).rejects.toBe(reason)
  await pause(0)
})
