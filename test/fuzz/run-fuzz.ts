// Fuzzes the running server from its OpenAPI document with Schemathesis, a tool that knows nothing of us: npm run fuzz [-- --seconds N]. Needs Python 3.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { RunningServer, tokenOf } from '../support/running-server.js'

const VERSION = '4.32.5'
const TOOLS = resolve('node_modules/.cache/schemathesis')
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
]
const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } })
process.exitCode = await fuzz()

async function fuzz(): Promise<number> {
  if (!installed()) {
    process.stdout.write('skipped: Schemathesis cannot be installed here; it needs Python 3 with venv and pip\n')
    return 3
  }
  const server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: LIMITLESS }) })
  try {
    const token = await tokenOf({ sub: 'fuzz', role: 'admin' })
    const args = ['run', resolve('docs/openapi.json'), '--url', server.url, '-H', `Authorization: Bearer ${token}`]
    // A wait that waits as long as it was asked to is no failure.
    const bounds = ['--max-time', values.seconds, '--request-timeout', '60', '--exclude-path', '/v1/events/wait']
    const seed = values.seed === undefined ? [] : ['--seed', values.seed]
    const { status } = run(join(TOOLS, 'bin/schemathesis'), [...args, ...bounds, ...seed, '--checks', CHECKS.join(',')])
    process.stdout.write(server.running ? 'the server is still running\n' : 'THE SERVER HAS ENDED\n')
    return server.running ? (status ?? 1) : 1
  } finally {
    await server.stop()
  }
}

function installed(): boolean {
  if (existsSync(join(TOOLS, 'bin/schemathesis'))) return true
  if (run('python3', ['-m', 'venv', TOOLS]).status !== 0) return false
  return run(join(TOOLS, 'bin/pip'), ['install', '--quiet', `schemathesis==${VERSION}`]).status === 0
}

function run(command: string, args: readonly string[]) {
  // What the tools leave behind, they leave beside themselves.
  mkdirSync(TOOLS, { recursive: true })
  return spawnSync(command, args, { cwd: TOOLS, stdio: ['ignore', 'inherit', 'inherit'] })
}
