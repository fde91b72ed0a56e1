// A thousand tasks, fifty consumers, some of which vanish, and a server that is killed: each task is done by one token.
import { afterAll, expect, test } from '@jest/globals'
import { SEED, SOAK, tell } from '../support/effort.js'
import { type Given, Race } from './race.js'

const TASKS = SOAK > 0 ? 1_000 * SOAK : 1_000
const ACK_TIMEOUT_SECONDS = 1

const race = new Race({
  consumers: 50,
  tasks: TASKS,
  killAfter: [TASKS * 0.3, TASKS * 0.6].map(Math.floor),
  ackTimeoutSeconds: ACK_TIMEOUT_SECONDS,
  forget: 0.1,
  seed: SEED,
})
afterAll(() => race.stop())

test('each of a thousand tasks is done by one of fifty consumers, whoever vanishes and whatever is killed', async () => {
  const begun = performance.now()
  await race.run()
  const { given, done, counts } = race
  const redelivered = given.length - new Set(given.map(({ position }) => position)).size
  tell('race of fifty', {
    tasks: done.size,
    deliveries: given.length,
    redelivered,
    ...counts,
    ms: Math.round(performance.now() - begun),
  })
  expect(done.size).toBe(TASKS)
  expect([...done.values()].filter(tokens => tokens.length !== 1)).toEqual([])
  expect(tooEarly(given)).toEqual([])
  expect(new Set(given.map(({ number }) => number)).size).toBe(given.length)
  expect(await race.progress()).toMatchObject({ lag: 0, inFlight: 0, retrying: 0, parked: 0, stalled: null })
  expect(counts).toMatchObject({ kills: 2 })
  expect(counts.forgotten).toBeGreaterThan(10)
}, 60_000)

/** Handed out again while it was still somebody's. Both times are of the server's own clock. */
function tooEarly(given: readonly Given[]): (readonly [Given, Given])[] {
  const byPosition = Map.groupBy(given, ({ position }) => position)
  return [...byPosition.values()].flatMap(times => {
    const inTurn = times.toSorted((a, b) => a.number - b.number)
    return inTurn.slice(1).flatMap((later, i) => {
      const earlier = inTurn[i] as Given
      return later.deadlineMs - 1_000 * ACK_TIMEOUT_SECONDS < earlier.deadlineMs ? [[earlier, later] as const] : []
    })
  })
}
