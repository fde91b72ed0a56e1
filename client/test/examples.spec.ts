// Every example, as it stands in its folder and by plain Node, against a server of its own; and the README names them all.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../../test/support/running-server.js'

const client = join(import.meta.dirname, '..')
const examples = readdirSync(join(client, 'examples'))
let server: RunningServer

beforeAll(async () => {
  server = await RunningServer.start()
})

afterAll(() => server.stop())

const says: Readonly<Record<string, RegExp>> = {
  'append-and-read.mjs':
    /not the first: agent_.* is at 0\n1: test\n2: build\n3: sign\nfound build\nfound sign\nby .*stream/,
  'claim.mjs': /^(?:\w+ is too late\n)*\w+ has it\n(?:\w+ is too late\n)*$/,
  'follow.mjs': /^event 1\nevent 2\nevent 3\nevent 4\n$/,
  'work.mjs': /^done: 1, 2, 4, 5\nparked: 3, nobody can do this\n$/,
  'pipeline.mjs': /^500 events, the last at revision 499\n$/,
}

test.each(examples)(
  '%s does what it says',
  async name => {
    const env = {
      ...process.env,
      LIGHTHOUSE_URL: server.url,
      LIGHTHOUSE_TOKEN: await tokenOf({ sub: 'builder-1', role: 'agent' }),
    }
    const example = spawn(process.execPath, [join(client, 'examples', name)], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let told = ''
    for (const output of [example.stdout, example.stderr]) output.on('data', text => (told += String(text)))
    const [code] = await once(example, 'close')
    expect([code, told]).toEqual([0, expect.stringMatching(says[name] ?? /an example that no test knows/)])
  },
  60_000,
)

test('the README names every example, and every module it imports is the package', () => {
  const readme = readFileSync(join(client, 'README.md'), 'utf8')
  expect(examples.filter(name => !readme.includes(`examples/${name}`))).toEqual([])
  const imported = [...readme.matchAll(/from '([^']+)'/g)].map(([, specifier]) => specifier)
  expect(new Set(imported)).toEqual(new Set(['@lighthouse/client', 'ws']))
})
