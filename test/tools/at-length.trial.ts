// The trials that `npm test` holds in small, for minutes instead of seconds; each script judges itself and ends with 0 if all held.
import { afterAll, expect, test } from '@jest/globals'
import { type Ran, runScript } from './run-script.js'

const HALF_AN_HOUR = 1_800_000

type Name = 'kills' | 'fuzz' | 'followers' | 'mutants'

/** Two run at a time, for each waits for disks, clocks or other processes and leaves most of a machine to another. */
const PAIRS: readonly Partial<Record<Name, readonly string[]>>[] = [
  {
    kills: ['test/crash/soak.ts', '--cycles', '30'],
    // What it tries is bounded by time, so it runs beside the one that sleeps most.
    fuzz: ['test/fuzz/run-fuzz.ts', '--seconds', '40'],
  },
  {
    followers: ['test/follow/run-follow.ts', '--cuts', '300', '--kills', '3', '--pause', '5'],
    mutants: ['test/mutants/run-mutants.ts', '--every', '10'],
  },
]

const running = new Map<string, Promise<Ran>>()

/** Of that script; the other of its pair begins with it. */
function ran(name: Name): Promise<Ran> {
  const pair = PAIRS.find(scripts => name in scripts) ?? {}
  for (const [one, [path = '', ...args]] of Object.entries(pair))
    if (!running.has(one)) running.set(one, runScript(path, args))
  return running.get(name) as Promise<Ran>
}

afterAll(() => Promise.allSettled(running.values()), HALF_AN_HOUR)

test(
  'thirty kills of a writing process lose nothing that was acknowledged',
  async () => {
    const { code, said } = await ran('kills')
    expect([code, said]).toEqual([0, expect.stringMatching(/^cycles +30$/m)])
  },
  HALF_AN_HOUR,
)

test(
  'Schemathesis finds nothing that the API document does not say',
  async () => {
    const { code, said } = await ran('fuzz')
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

test(
  'followers miss nothing over three hundred cuts and three kills',
  async () => expect((await ran('followers')).code).toBe(0),
  HALF_AN_HOUR,
)

test('every tenth planted defect is caught', async () => expect((await ran('mutants')).code).toBe(0), HALF_AN_HOUR)
