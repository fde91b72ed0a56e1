// Runs a script as a developer would: on the pinned Node, straight from its source, with what it says in the output of the tests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

export interface Ran {
  readonly code: number
  readonly said: string
}

export async function runScript(path: string, args: readonly string[]): Promise<Ran> {
  const typescript = ['--import', resolve('scripts/typescript.mjs')]
  const child = spawn(process.execPath, ['--expose-gc', ...typescript, resolve(path), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Whoever tries more here than in the suite says so by its arguments.
    env: { ...process.env, LIGHTHOUSE_THOROUGH: '', TEST_SUITE: 'all' },
  })
  let said = ''
  child.stdout.on('data', (text: Buffer) => {
    said += text
    process.stdout.write(text)
  })
  const [code] = await once(child, 'close')
  return { code: code ?? 1, said }
}
