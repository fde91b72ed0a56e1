// Every example of the help in a real shell with its real pipes, and what the start of a command costs.
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { RunningServer, TEST_SECRET, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { STORY } from './story.js'

const folder = makeTempDirectory()
let server: RunningServer
let env: NodeJS.Dict<string>

beforeAll(async () => {
  server = await RunningServer.start()
  env = {
    ...process.env,
    NODE: process.execPath,
    MAIN: resolve('dist/cli/main.js'),
    LIGHTHOUSE_ENV: 'test',
    LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
    LIGHTHOUSE_DATA_DIR: './data',
    LIGHTHOUSE_PORT: '0',
    LIGHTHOUSE_URL: server.url,
    LIGHTHOUSE_TOKEN: await tokenOf({ sub: 'operator', role: 'admin' }),
    XDG_CONFIG_HOME: join(folder, 'config'),
  }
  const line = (type: string, data: object) => JSON.stringify({ stream: 'agent_builder-1/tasks', type, data })
  writeFileSync(join(folder, 'events.ndjson'), [line('TaskAsked', { task: 1 }), line('A', {}), ''].join('\n'))
  writeFileSync(join(folder, 'tasks.json'), JSON.stringify({ on: { TaskDone: [{ op: 'increment', path: '/done' }] } }))
  const store = await openEmbedded({ directory: join(folder, 'data'), nodeId: 'n', allowUnsafeFilesystem: true })
  await store.append({
    events: ['One', 'Two'].map(type => ({ type, stream: 's', data: {} })),
    author: { agentId: 'copied' },
  })
  await store.close()
})

afterAll(async () => {
  await server.stop()
  removeTempDirectory(folder)
})

const OURS = 'set -o pipefail; lighthouse() { "$NODE" "$MAIN" "$@"; }'

function inShell(line: string) {
  const script = `${OURS}\n${line.replaceAll('http://127.0.0.1:8765', server.url)}`
  return spawnSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8' })
}

test('every example that ends by itself does so in a shell', () => {
  // A machine need not have jq; that it is JSON is held elsewhere.
  const hasJq = spawnSync('jq', ['--version']).status === 0
  for (const { line, code = 0, meanwhile, busy, keeps } of STORY) {
    if (meanwhile !== undefined) continue
    if (line.startsWith('lighthouse restore')) rmSync(join(folder, 'data'), { recursive: true })
    const { status, stdout, stderr } = inShell(hasJq ? line : line.replace(/\| jq .*/, '| cat'))
    const meant = busy && status === 1 ? 1 : code
    expect([line, status, status === meant ? '' : stderr]).toEqual([line, meant, ''])
    expect(stdout).not.toContain('\x1b')
    if (keeps !== undefined) env[keeps[0]] = keeps[1].exec(stdout)?.[0] ?? ''
  }
}, 300_000)

test('a command starts with at most a quarter of a second of CPU', () => {
  const seconds = ['version', 'help', 'tail --help'].map(line => {
    const tries = Array.from({ length: 5 }, () => {
      const { stderr } = inShell(`TIMEFORMAT='%U %S'; time lighthouse ${line} > /dev/null`)
      return stderr
        .trim()
        .split(' ')
        .map(Number)
        .reduce((sum, part) => sum + part, 0)
    })
    return Math.min(...tries)
  })
  process.stdout.write(`cli: version, help and the help of a command took ${seconds.join(', ')} s of CPU\n`)
  expect(Math.max(...seconds)).toBeLessThanOrEqual(0.25)
})
