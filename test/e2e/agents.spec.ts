// Five agents of five manners and those who answer them, through cut connections and kill -9 of the server.
import { expect, test } from '@jest/globals'
import { EventDataGenerator, type GeneratedEvent } from '../../client/src/testing/testing.js'
import { IntegrationTestEnvironment } from '../support/integration-environment.js'
import { until } from '../support/until.js'

function take(count: number, events: Iterable<GeneratedEvent>): GeneratedEvent[] {
  const taken: GeneratedEvent[] = []
  for (const event of events) if (taken.push(event) === count) break
  return taken
}

const EVENTS = 200

test('a fleet of five agents loses and doubles nothing through a kill -9 and a cut, and the counts tell of it', async () => {
  const environment = await IntegrationTestEnvironment.setUp({ strategy: 'processes', seed: 7, slowMs: 10 })
  try {
    const { fleet } = environment
    const { ledger } = fleet
    const appending = fleet.append(
      take(EVENTS, new EventDataGenerator({ seed: 7, largeShare: 0.005 }).mix({ agents: 5 })),
    )
    await until(() => ledger.acknowledgedCount > EVENTS / 5, 1)
    environment.cut()
    await until(() => ledger.acknowledgedCount > (2 * EVENTS) / 5, 1)
    const acknowledgedBefore = ledger.acknowledgedCount
    await environment.kill()
    await appending

    const { counts, comparison, metrics, kills } = await environment.collect()
    console.info(`${kills} kill, ${JSON.stringify(counts)}\n${JSON.stringify(comparison)}`)
    expect(kills).toBe(1)
    expect(acknowledgedBefore).toBeLessThan(EVENTS)
    expect([counts.appended, counts.acknowledged]).toEqual([EVENTS, EVENTS])
    expect(comparison).toEqual({ stored: EVENTS, lost: [], doubled: [], unknown: [], unacknowledged: 0 })
    expect(metrics).toContain('lighthouse_')
    const workers = fleet.agents.filter(({ agentId }) => !/^(validator|expert)-/.test(agentId))
    expect(workers.length).toBe(5)
  } finally {
    await environment.tearDown()
  }
}, 60_000)

test('in process the same environment is up without a disk, and refuses to be killed', async () => {
  const environment = await IntegrationTestEnvironment.setUp({ strategy: 'embedded', behaviourOf: () => 'steady' })
  try {
    const events = take(
      40,
      new EventDataGenerator({ seed: 8, largeShare: 0 }).agentSession('builder', { seconds: 7_200 }),
    )
    const appending = environment.fleet.append(events)
    await until(() => environment.fleet.ledger.acknowledgedCount > 10, 1)
    environment.cut()
    await appending
    const { comparison } = await environment.collect()
    expect(comparison).toEqual({ stored: 40, lost: [], doubled: [], unknown: [], unacknowledged: 0 })
    await expect(environment.kill()).rejects.toThrow(TypeError)
  } finally {
    await environment.tearDown()
  }
})
