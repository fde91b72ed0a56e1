// Fuzzes the running server from its OpenAPI document with Schemathesis, a tool that knows nothing of us: npm run fuzz [-- --seconds N] [--planted], with a lie in the document that it must find. Needs Python 3.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { withTempDirectory } from '../support/temp-directory.js'

/** Operations that it would take for failures, and why they are none. */
const LEFT_OUT = {
  '/v1/events/wait': 'it waits for what is to come, and is taken for an answer that never does',
  '/v1/admin/mode': 'it can forbid what is asked after it, and every later answer would be a 503',
  '/v1/projections/{name}/changes': 'it answers with events that do not end, and not with JSON',
} as const

const SCHEMATHESIS = resolve('node_modules/.cache/schemathesis/bin/schemathesis')
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
]
/** Its answer is the lie that is planted in the document. */
const PLANTED = '/v1/whoami'
const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, planted: { type: 'boolean' } },
})
process.exitCode = await fuzz()

async function fuzz(): Promise<number> {
  spawnSync(process.execPath, [resolve('scripts/tools.mjs'), 'python3', 'schemathesis'], { stdio: 'inherit' })
  if (!existsSync(SCHEMATHESIS)) {
    process.stdout.write('skipped: Schemathesis cannot be installed here\n')
    return 3
  }
  const server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: LIMITLESS }) })
  try {
    return await withTempDirectory(folder => judge(server, folder))
  } finally {
    await server.stop()
  }
}

async function judge(server: RunningServer, folder: string): Promise<number> {
  const token = await tokenOf({ sub: 'fuzz', role: 'admin' })
  const report = join(folder, 'report.json')
  const args = ['run', documentIn(folder), '--url', server.url, '-H', `Authorization: Bearer ${token}`]
  const bounds = ['--max-time', values.seconds, '--request-timeout', '60', ...pathsAsked()]
  const seed = values.seed === undefined ? [] : ['--seed', values.seed]
  const counted = ['--report', 'json', '--report-json-path', report]
  const all = [...args, ...bounds, ...seed, ...counted, '--checks', CHECKS.join(',')]
  // What it leaves behind, it leaves beside itself.
  const { status } = spawnSync(SCHEMATHESIS, all, { cwd: dirname(SCHEMATHESIS), stdio: 'inherit' })
  const { test_cases: cases } = JSON.parse(readFileSync(report, 'utf8')) as Report
  const asExpected = cases.generated - cases.with_failures - cases.errored
  process.stdout.write(`Schemathesis: ${cases.generated} cases, ${asExpected} as expected\n`)
  process.stdout.write(server.running ? 'the server is still running\n' : 'THE SERVER HAS ENDED\n')
  return server.running ? (status ?? 1) : 1
}

interface Report {
  readonly test_cases: { readonly generated: number; readonly with_failures: number; readonly errored: number }
}

function pathsAsked(): string[] {
  if (values.planted) return ['--include-path', PLANTED]
  return Object.keys(LEFT_OUT).flatMap(path => ['--exclude-path', path])
}

/** The document as it is, or with an answer in it that the server does not give. */
function documentIn(folder: string): string {
  const file = resolve('docs/openapi.json')
  if (!values.planted) return file
  const document = JSON.parse(readFileSync(file, 'utf8')) as { readonly paths: Record<string, WithAnswers> }
  const { responses } = (document.paths[PLANTED] as WithAnswers).get
  responses['299'] = responses['200']
  delete responses['200']
  const planted = join(folder, 'openapi.json')
  writeFileSync(planted, JSON.stringify(document))
  return planted
}

interface WithAnswers {
  readonly get: { readonly responses: Record<string, unknown> }
}
