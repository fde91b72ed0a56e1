// No promise is left on its own: the compiler's types tell where it is started. What nobody handled fails its spec file: test/support/node-runner.spec.ts.
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { withTempDirectory } from '../support/temp-directory.js'
import { projectFolder, readProject } from './project.js'
import { leftPromises } from './promises.js'

const PLANTED = `
class Ledger {
  async close(): Promise<void> {}
}
declare const ledger: Ledger
declare const ledgers: readonly Ledger[]
declare const soon: (work: () => void) => void
export async function left(): Promise<void> {
  ledger.close()
  ledger.close().then(() => 1)
  ledger.close().finally(() => 1)
  ledgers.length > 0 && ledger.close()
  ledgers.map(one => one.close())
  for (const one of ledgers) one.close()
  soon(() => ledger.close())
  soon(async () => undefined)
}
export async function kept(): Promise<unknown> {
  await ledger.close()
  ledger.close().catch(() => 1)
  ledger.close().then(() => 1, () => 2)
  ledger.close().catch(() => 1).finally(() => 1)
  void ledger.close()
  soon(() => void ledger.close())
  soon(() => ledger.close().catch(() => 1))
  const closing = ledger.close()
  return closing
}
`

const configPath = join(projectFolder, 'tsconfig.json')

test('a promise that is started and left is found, and one that somebody handles is not', () =>
  withTempDirectory(folder => {
    const file = join(folder, 'planted.ts')
    writeFileSync(file, PLANTED)
    const from = PLANTED.split('\n').findIndex(line => line.includes('function left')) + 2
    const lines = leftPromises(configPath, [file]).map(({ line }) => line)
    expect(lines).toEqual(Array.from({ length: 8 }, (_, at) => from + at))
  }))

test('no promise is started and left', () => {
  const sources = readProject().filter(({ path }) => /^(client\/)?src\/.*(?<!\.spec)\.ts$/.test(path))
  const found = leftPromises(
    configPath,
    sources.map(({ path }) => join(projectFolder, path)),
  )
  expect(sources.length).toBeGreaterThan(300)
  expect(found.map(({ file, line, complaint }) => `${relative(projectFolder, file)}:${line} ${complaint}`)).toEqual([])
}, 120_000)
