// A few kill cycles on every run of the tests; `npm run soak` runs hundreds.
import { expect, test } from '@jest/globals'
import { KillCycles } from './kill-cycles.js'

const CYCLES = 8

test('a process killed under load, in recovery and while it closes loses nothing it acknowledged and doubles nothing', async () => {
  const seed = Date.now() % 2 ** 32
  const cycles = new KillCycles(seed)
  try {
    await cycles.run(CYCLES)
  } finally {
    const { restartMs, ...counts } = cycles.figures
    console.log(
      `kill cycles, seed ${seed}:`,
      JSON.stringify(counts),
      `longest restart ${Math.round(Math.max(...restartMs))} ms`,
    )
  }
  expect(cycles.figures).toMatchObject({ cycles: CYCLES })
  expect(cycles.figures.checks).toBeGreaterThan(0)
  expect(cycles.figures.acknowledged).toBeGreaterThan(0)
}, 60_000)
