// The trials that `npm test` holds in small, for minutes instead of seconds; each script judges itself and ends with 0 if all held.
import { afterAll, expect, test } from '@jest/globals'
import { type Ran, runScript } from './run-script.js'

const HALF_AN_HOUR = 1_800_000

type Name = 'kills' | 'fuzz' | 'followers' | 'mutants' | 'planted'

const SCRIPTS: Readonly<Record<Name, readonly string[]>> = {
  // The longest first.
  fuzz: ['test/fuzz/run-fuzz.ts', '--seconds', '30'],
  kills: ['test/crash/soak.ts', '--cycles', '30'],
  mutants: ['test/mutants/run-mutants.ts', '--every', '10'],
  followers: ['test/follow/run-follow.ts', '--cuts', '300', '--kills', '3', '--pause', '5'],
  planted: ['test/fuzz/run-fuzz.ts', '--seconds', '5', '--planted'],
}

/** Two run at a time, for each waits for disks, clocks or other processes and leaves most of a machine to another. */
const LANES = 2

const running = new Map<Name, PromiseWithResolvers<Ran>>()

/** Of that script. With the first that is asked for all begin, each as soon as there is a lane for it. */
function ran(name: Name): Promise<Ran> {
  if (running.size === 0) {
    const waiting = Object.entries(SCRIPTS) as [Name, readonly string[]][]
    for (const [one] of waiting) running.set(one, Promise.withResolvers())
    for (let lane = 0; lane < LANES; lane++) void runThrough(waiting)
  }
  return (running.get(name) as PromiseWithResolvers<Ran>).promise
}

async function runThrough(waiting: [Name, readonly string[]][]): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [name, [path = '', ...args]] = next
    const { promise, resolve } = running.get(name) as PromiseWithResolvers<Ran>
    resolve(runScript(path, args))
    await promise.catch(() => undefined)
  }
}

afterAll(() => Promise.allSettled([...running.values()].map(({ promise }) => promise)), HALF_AN_HOUR)

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
    const { code, said } = await ran('planted')
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
