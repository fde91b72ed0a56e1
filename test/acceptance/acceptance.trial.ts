// The acceptance suite on a store that is made in moments; `npm run acceptance` is the same with ten million events.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildStore } from '../../bench/engine/stores.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { multiAgentCoordination } from './coordination.js'
import { eventSourcingFoundation } from './foundation.js'
import { noVolume } from './full-disk.js'
import { failureRecovery } from './recovery.js'
import { type Scale, type Step, storeOf } from './steps.js'

const directory = makeTempDirectory()
const scale: Scale = { events: 100_000, segmentBytes: 16 << 20, isWhole: false, directory }
const other: Scale = { ...scale, directory: join(directory, 'other') }
const parts: Promise<void>[] = []

// All at once: most of what they do is to wait, each for a server of its own.
beforeAll(async () => {
  await buildStore({ ...scale, directory: storeOf(scale) })
  cpSync(storeOf(scale), storeOf(other), { recursive: true })
  parts.push(accepted(eventSourcingFoundation, scale), accepted(multiAgentCoordination, scale))
  parts.push(accepted(failureRecovery, other))
  for (const part of parts) part.catch(() => undefined)
})
afterAll(async () => {
  await Promise.allSettled(parts)
  removeTempDirectory(directory)
})

/** What was done, on the terminal; and every limit has held. */
async function accepted(part: (scale: Scale, tell: (step: Step) => void) => Promise<void>, on: Scale): Promise<void> {
  const told: Step[] = []
  await part(on, step => {
    process.stdout.write(`${step.seconds.toFixed(2)} s ${step.what} ${JSON.stringify(step.detail ?? {})}\n`)
    told.push(step)
  })
  expect(told.filter(({ seconds, limit = Number.POSITIVE_INFINITY }) => seconds > limit)).toEqual([])
}

describe('AcceptanceTestSuite', () => {
  test('test_event_sourcing_foundation', () => parts[0])
  test('test_multi_agent_coordination', () => parts[1])
  test(`test_failure_recovery${noVolume === undefined ? '' : ` (without a full disk: ${noVolume})`}`, () => parts[2])
})
