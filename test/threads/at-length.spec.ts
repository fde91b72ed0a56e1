// What holds for one thread, on several of which some are ended: read your writes, and tasks done once. Follows: npm run follow -- --threads 2.
import { expect, test } from '@jest/globals'
import { Race } from '../groups/race.js'
import { appendThenRead } from './pairs.js'

const LIMIT_MS = 60_000

test(
  'what one connection has appended, a connection to another thread reads at once',
  async () => {
    expect(await appendThenRead(300, 2)).toMatchObject({ pairs: 300, stale: 0 })
  },
  LIMIT_MS,
)

test(
  'each of two hundred tasks is done by one of fifty consumers, whichever threads are ended',
  async () => {
    const seed = Date.now() % 1_000_000
    const orders = { consumers: 50, tasks: 200, killAfter: [], ackTimeoutSeconds: 1, forget: 0.1, seed }
    const race = new Race({ ...orders, threads: 2, frontKillEvery: 70 })
    try {
      await race.run()
      expect(race.done.size).toBe(200)
      expect([...race.done.values()].filter(tokens => tokens.length !== 1)).toEqual([])
      expect(await race.progress()).toMatchObject({ lag: 0, inFlight: 0, parked: 0 })
      expect(race.counts.frontKills).toBeGreaterThan(1)
    } finally {
      await race.stop()
    }
  },
  LIMIT_MS,
)
