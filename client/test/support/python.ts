// The Python that trials run: where its environment is, or why there is none, and one run of it to its end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..')

export const pythonClient = join(root, 'client', 'python')

/** What scripts/tools.mjs has installed: an environment with what the client stands on, and the wheels of that. */
export const environment = join(root, 'node_modules', '.cache', 'python-client')

export const wheels = join(environment, 'wheels')

/** Undefined where everything is there. */
export const missing: string | undefined = existsSync(join(environment, 'bin', 'mypy'))
  ? undefined
  : 'no Python 3.11 with the packages of the client here: npm run tools -- python-client'

export interface Ended {
  readonly code: number | null
  readonly told: string
}

/** Runs a program of an environment; what it says on both outputs is kept. */
export async function runPython(
  program: string,
  args: readonly string[],
  { env = {}, home = environment }: { readonly env?: Readonly<Record<string, string>>; readonly home?: string } = {},
): Promise<Ended> {
  const child = spawn(join(home, 'bin', program), args, {
    cwd: pythonClient,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let told = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', text => (told += String(text)))
  const [code] = await once(child, 'close')
  return { code, told }
}
