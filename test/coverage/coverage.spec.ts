// What was executed is what is told: of a source with a decorated class and branches that nobody takes, run by a real Node.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { judged, tableOf } from './judge.js'
import { measure } from './measure.js'

const place = makeTempDirectory()
afterAll(() => removeTempDirectory(place))

const SOURCE = `// A source.
const seen = <T extends object>(_: T, __: string, ___: unknown) => undefined
export class Counter {
  @(seen as never)
  count(by: Date | undefined): string {
    if (by === undefined) return 'none'
    return by.getTime() > 0 ? 'late' : 'early'
  }
}
export function neverCalled(): number {
  return 1
}
`

function share(covered: number, of: number) {
  return { covered, of }
}

test('statements and branches that nobody has executed are counted and named by their lines, and the compiler’s own are not', async () => {
  mkdirSync(join(place, 'src', 'one'), { recursive: true })
  mkdirSync(join(place, 'raw'))
  writeFileSync(join(place, 'src', 'one', 'counter.ts'), SOURCE)
  writeFileSync(join(place, 'src', 'one', 'unloaded.ts'), '// Nobody loads it.\nexport const one = 1\n')
  writeFileSync(
    join(place, 'run.ts'),
    "import { Counter } from './src/one/counter.js'\nnew Counter().count(undefined)\n",
  )
  const loader = new URL('../../scripts/typescript.mjs', import.meta.url).href
  const env = { ...process.env, NODE_V8_COVERAGE: join(place, 'raw'), NODE_DISABLE_COMPILE_CACHE: '1' }
  const ran = spawnSync(process.execPath, ['--import', loader, join(place, 'run.ts')], { env, encoding: 'utf8' })
  expect([ran.status, ran.stderr]).toEqual([0, ''])

  const files = await measure(join(place, 'raw'), place, ['src/one'])
  expect(files).toEqual([
    { file: 'src/one/counter.ts', statements: share(4, 6), branches: share(1, 4), missed: [6, 7, 11] },
    { file: 'src/one/unloaded.ts', statements: share(0, 1), branches: share(0, 0), missed: [2] },
  ])
})

test('a folder with less than 95 % of either is told, and so is one of which there is nothing', () => {
  const file = (name: string, statements: number, branches: number) => {
    return { file: name, statements: share(statements, 100), branches: share(branches, 100), missed: [] }
  }
  const files = [
    file('src/a/x.ts', 100, 95),
    file('src/b/x.ts', 94, 100),
    file('src/c/x.ts', 90, 90),
    file('src/c/y.ts', 100, 100),
  ]
  const outcome = judged(files, ['src/a', 'src/b', 'src/c', 'src/none'])
  expect(outcome.below).toEqual(['src/b', 'src/none'])
  expect(tableOf(outcome).split('\n')).toEqual([
    expect.stringContaining('branches'),
    expect.stringMatching(/^src\/a +100\.00 % \(100\/100\) +95\.00 % \(95\/100\)$/),
    expect.stringMatching(/^src\/b +94\.00 % \(94\/100\) +100\.00 % \(100\/100\) {2}too little$/),
    expect.stringMatching(/^src\/c +95\.00 % \(190\/200\) +95\.00 % \(190\/200\)$/),
    expect.stringContaining('too little'),
    '',
  ])
})
