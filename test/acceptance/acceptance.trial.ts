// The acceptance suite on a store that is made in moments; `npm run acceptance` is the same with ten million events.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildStore } from '../../bench/engine/stores.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { multiAgentCoordination } from './coordination.js'
import { eventSourcingFoundation } from './foundation.js'
import { noVolume } from './full-disk.js'
import { failureRecovery } from './recovery.js'
import { type Scale, type Step, storeOf } from './steps.js'

const scale: Scale = { events: 100_000, segmentBytes: 16 << 20, isWhole: false, directory: makeTempDirectory() }
const told: Step[] = []

beforeAll(() => buildStore({ ...scale, directory: storeOf(scale) }))
afterAll(() => removeTempDirectory(scale.directory))

/** What was done, on the terminal; and every limit has held. */
async function accepted(suite: (scale: Scale, tell: (step: Step) => void) => Promise<void>): Promise<void> {
  await suite(scale, step => {
    process.stdout.write(`${step.seconds.toFixed(2)} s ${step.what} ${JSON.stringify(step.detail ?? {})}\n`)
    told.push(step)
  })
  expect(told.filter(({ seconds, limit = Number.POSITIVE_INFINITY }) => seconds > limit)).toEqual([])
}

describe('AcceptanceTestSuite', () => {
  test('test_event_sourcing_foundation', () => accepted(eventSourcingFoundation))
  test('test_multi_agent_coordination', () => accepted(multiAgentCoordination))
  test(`test_failure_recovery${noVolume === undefined ? '' : ` (without a full disk: ${noVolume})`}`, () =>
    accepted(failureRecovery))
})
