// Fuzzes the running server from its OpenAPI document with Schemathesis, a tool that knows nothing of us: npm run fuzz [-- --seconds N]. Needs Python 3.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { RunningServer, tokenOf } from '../support/running-server.js'

/** No failures, but taken for such: a wait that waits, a mode that forbids what comes after it, events that are no JSON. */
const LEFT_OUT = ['/v1/events/wait', '/v1/admin/mode', '/v1/projections/{name}/changes'].flatMap(path => [
  '--exclude-path',
  path,
])

const SCHEMATHESIS = resolve('node_modules/.cache/schemathesis/bin/schemathesis')
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
  spawnSync(process.execPath, [resolve('scripts/tools.mjs'), 'python3', 'schemathesis'], { stdio: 'inherit' })
  if (!existsSync(SCHEMATHESIS)) {
    process.stdout.write('skipped: Schemathesis cannot be installed here\n')
    return 3
  }
  const server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: LIMITLESS }) })
  try {
    const token = await tokenOf({ sub: 'fuzz', role: 'admin' })
    const args = ['run', resolve('docs/openapi.json'), '--url', server.url, '-H', `Authorization: Bearer ${token}`]
    const bounds = ['--max-time', values.seconds, '--request-timeout', '60', ...LEFT_OUT]
    const seed = values.seed === undefined ? [] : ['--seed', values.seed]
    const all = [...args, ...bounds, ...seed, '--checks', CHECKS.join(',')]
    // What it leaves behind, it leaves beside itself.
    const { status } = spawnSync(SCHEMATHESIS, all, { cwd: dirname(SCHEMATHESIS), stdio: 'inherit' })
    process.stdout.write(server.running ? 'the server is still running\n' : 'THE SERVER HAS ENDED\n')
    return server.running ? (status ?? 1) : 1
  } finally {
    await server.stop()
  }
}
