// What is logged reaches standard output whole, in order, and before the process ends.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MODULE = new URL('./logger.ts', import.meta.url).href
const TYPESCRIPT = new URL('../../scripts/typescript.mjs', import.meta.url).href

async function written(lines: number, end: string): Promise<string[]> {
  const code = `const { createLogger, logOutput } = await import('${MODULE}')
    const output = logOutput(undefined)
    const logger = createLogger('info', output)
    for (let n = 0; n < ${lines}; n++) logger.info({ n }, 'a line of many')
    ${end}`
  const { stdout } = await run(process.execPath, ['--import', TYPESCRIPT, '--input-type=module', '-e', code])
  return stdout.trimEnd().split('\n')
}

/** More than is gathered, so that a write is on its way when the process ends. */
const MANY = 1_000

/** Less than is gathered. */
const FEW = 300

test.each([
  ['exits', FEW, 'process.exit(0)'],
  ['has waited for it', MANY, 'await output.flushed(); process.exit(0)'],
  ['has waited for it, and is killed,', MANY, 'await output.flushed(); process.kill(process.pid, "SIGKILL")'],
  ['ends by itself', MANY, ''],
])('a process that %s has written every line', async (_how, count, end) => {
  const lines = await written(count, end).catch((error: { stdout: string }) => error.stdout.trimEnd().split('\n'))
  expect(lines.map(line => (JSON.parse(line) as { n: number }).n)).toEqual(Array.from({ length: count }, (_, n) => n))
})
