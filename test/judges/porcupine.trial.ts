// Histories of the real server, killed and with a clock that jumps, judged by Porcupine; and whether the judge sees what is wrong.
import { expect, test } from '@jest/globals'
import { check, countsOf, hasChecker } from './porcupine/check.js'
import { PLANTED } from './porcupine/planted.js'
import { record } from './porcupine/record.js'

// skip: there is no checker here, or an older one; the names of the tests say so
const judged = hasChecker ? test : test.skip
const without = hasChecker ? '' : ' (skipped: there is no checker here, or an older one; npm run tools -- porcupine)'

judged(`each planted violation is refused, and the same history without it is not${without}`, async () => {
  const of = (kind: 'right' | 'wrong') =>
    PLANTED.flatMap(({ name, [kind]: lines }) => lines.map(line => ({ ...line, part: name })))
  const refused = async (kind: 'right' | 'wrong') => {
    const verdicts = await check(of(kind))
    expect(verdicts.length).toBe(PLANTED.length)
    return verdicts.filter(({ verdict }) => verdict === 'Illegal').map(({ part }) => part)
  }
  expect(await refused('right')).toEqual([])
  expect((await refused('wrong')).sort()).toEqual(PLANTED.map(({ name }) => name).sort())
  process.stdout.write(`Porcupine: ${PLANTED.length} planted violations, all refused\n`)
})

judged(`appends, keys, reads and tokens are linearizable through kills and jumps of the clock${without}`, async () => {
  const { lines, kills, jumps } = await record({ seconds: 5, seed: 1, faultEvery: 60 })
  const counts = countsOf(lines, await check(lines))
  process.stdout.write(`Porcupine: ${kills} kills, ${jumps} jumps, ${JSON.stringify(counts)}\n`)
  for (const model of ['log', 'delivery', 'numbers']) {
    expect(counts[model]).toMatchObject({ refused: [], undecided: 0 })
  }
  expect(kills + jumps).toBeGreaterThan(0)
})
