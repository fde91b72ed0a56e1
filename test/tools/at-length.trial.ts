// The trials that `npm test` holds in small, for minutes instead of seconds; each script judges itself and ends with 0 if all held.
import { expect, test } from '@jest/globals'
import { runScript } from './run-script.js'

const HALF_AN_HOUR = 1_800_000

test(
  'thirty kills of a writing process lose nothing that was acknowledged',
  async () => {
    const { code, said } = await runScript('test/crash/soak.ts', ['--cycles', '30'])
    expect([code, said]).toEqual([0, expect.stringMatching(/^cycles +30$/m)])
  },
  HALF_AN_HOUR,
)

test(
  'followers miss nothing over three hundred cuts and three kills',
  async () => {
    const { code } = await runScript('test/follow/run-follow.ts', ['--cuts', '300', '--kills', '3', '--pause', '5'])
    expect(code).toBe(0)
  },
  HALF_AN_HOUR,
)

test(
  'every tenth planted defect is caught',
  async () => {
    const { code } = await runScript('test/mutants/run-mutants.ts', ['--every', '10'])
    expect(code).toBe(0)
  },
  HALF_AN_HOUR,
)

test(
  'Schemathesis finds nothing that the API document does not say',
  async () => {
    const { code, said } = await runScript('test/fuzz/run-fuzz.ts', ['--seconds', '40'])
    // 3: where it cannot be installed, the script says so.
    const counted = /^Schemathesis: (\d+) cases, \1 as expected$/m
    expect([code, said]).toEqual(said.includes('skipped: ') ? [3, said] : [0, expect.stringMatching(counted)])
  },
  HALF_AN_HOUR,
)

test(
  'Schemathesis finds an answer that the API document does not have',
  async () => {
    const { code, said } = await runScript('test/fuzz/run-fuzz.ts', ['--seconds', '5', '--planted'])
    const counted = /^Schemathesis: (\d+) cases, (?!\1 )\d+ as expected$/m
    expect([code, said]).toEqual(said.includes('skipped: ') ? [3, said] : [1, expect.stringMatching(counted)])
  },
  HALF_AN_HOUR,
)
