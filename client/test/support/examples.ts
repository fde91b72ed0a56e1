// The examples of the client: what each says when it does what it shows, and how one is run, by whichever Node.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { tokenOf } from '../../../test/support/running-server.js'

const folder = join(import.meta.dirname, '..', '..', 'examples')

/** Those that serve until they are told to end have tests of their own. */
const SERVING: ReadonlySet<string> = new Set(['bridge.mjs'])

export const examples: readonly string[] = readdirSync(folder).filter(name => !SERVING.has(name))

const says: Readonly<Record<string, RegExp>> = {
  'append-and-read.mjs':
    /not the first: agent_.* is at 0\n1: test\n2: build\n3: sign\nfound build\nfound sign\nby .*stream/,
  'claim.mjs': /^(?:\w+ is too late\n)*\w+ has it\n(?:\w+ is too late\n)*$/,
  'follow.mjs': /^event 1\nevent 2\nevent 3\nevent 4\n$/,
  'demo.mjs': /^5 agents at work[\s\S]*\n0 lost, 0 doubled\n$/,
  'work.mjs': /^done: 1, 2, 4, 5\nparked: 3, nobody can do this\n$/,
  'pipeline.mjs': /^500 events, the last at revision 499\n$/,
}

export function sayingOf(name: string): RegExp {
  return says[name] ?? /an example that no test knows/
}

/** Its exit code, and what it has said on both outputs. */
export async function runExample(node: string, name: string, url: string): Promise<readonly [number, string]> {
  const token = await tokenOf({ sub: 'builder-1', role: 'agent' })
  const example = spawn(node, [join(folder, name)], {
    env: { ...process.env, LIGHTHOUSE_URL: url, LIGHTHOUSE_TOKEN: token, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let told = ''
  for (const output of [example.stdout, example.stderr]) output.on('data', text => (told += String(text)))
  const [code] = await once(example, 'close')
  return [code, told]
}
