// What is logged reaches standard output whole, in order, and before the process ends.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MODULE = new URL('./logger.ts', import.meta.url).href
const TYPESCRIPT = new URL('../../scripts/typescript.mjs', import.meta.url).href

async function written(end: string): Promise<string[]> {
  const code = `const { createLogger, logOutput } = await import('${MODULE}')
    const output = logOutput(undefined)
    const logger = createLogger('info', output)
    for (let n = 0; n < 1000; n++) logger.info({ n }, 'a line of a thousand')
    ${end}`
  const { stdout } = await run(process.execPath, ['--import', TYPESCRIPT, '--input-type=module', '-e', code])
  return stdout.trimEnd().split('\n')
}

test.each([
  ['exits', 'process.exit(0)'],
  ['has waited for it', 'await output.flushed(); process.kill(process.pid, "SIGKILL")'],
  ['ends by itself', ''],
])('a process that %s has written every line', async (_how, end) => {
  const lines = await written(end).catch((error: { stdout: string }) => error.stdout.trimEnd().split('\n'))
  expect(lines.map(line => (JSON.parse(line) as { n: number }).n)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
})
