// Some seconds of odd inputs on every surface of the real server; npm run fuzz:inputs does the same for as long as you like.
import { expect, test } from '@jest/globals'
import { tries } from '../support/effort.js'
import { Campaign } from './campaign.js'

const SEED = 20_261_128
const SECONDS = tries(8, 4)

test(`nothing odd ends the server, is answered 5xx or without a known code, or disturbs others (seed ${SEED})`, async () => {
  const untilMs = performance.now() + SECONDS * 1_000
  const campaign = new Campaign({ seed: SEED, frames: 20_000, requests: 4_000, untilMs })
  await campaign.run()
  expect(campaign.faults).toEqual([])
  expect(campaign.counts.frames).toBeGreaterThan(0)
  expect(campaign.counts.requests).toBeGreaterThan(0)
  expect(campaign.counts.appendedBeside).toBeGreaterThan(0)
}, 180_000)
