// Does what a page says, in a real shell and in its order: what the page defines carries on from block to block.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Page } from './pages.js'
import { differenceOf, statusShown } from './shown.js'
import { snippetOf } from './snippets.js'
import type { Step } from './steps.js'

/** Whoever follows a page: where they sit, and which server they have started. */
export interface Reader {
  /** The clone, of which the client is taken. */
  readonly project: string
  readonly cwd: string
  /** What the address in the pages stands for, `127.0.0.1:8765` there. */
  readonly address: string
  /** For the scripts of this run; empty, and removed by whoever made it. */
  readonly scratch: string
  readonly env: NodeJS.ProcessEnv
  /** Folders of commands that go before those of the machine. */
  readonly path: readonly string[]
  /** What has not come to its end then is ended. */
  readonly longestMs: number
  /** Whoever gives up gives up what is under way, too. */
  readonly signal?: AbortSignal
}

const ADDRESS = '127.0.0.1:8765'
/** What the machine lacks to follow the pages. */
export function missingTools(): string[] {
  return ['bash', 'curl', 'jq'].filter(name => spawnSync(name, ['--version']).status !== 0)
}

/** Everything that did not go as the page says. */
export async function follow(page: Page, steps: readonly Step[], reader: Reader): Promise<string[]> {
  if (steps.length === 0) return []
  furnish(reader)
  for (const [at, step] of steps.entries()) writeStep(reader, step, at)
  writeFileSync(join(reader.scratch, 'all.sh'), wholeScript(reader.scratch, steps.length))
  const shell = spawn('bash', [join(reader.scratch, 'all.sh')], {
    cwd: reader.cwd,
    env: {
      ...reader.env,
      LIGHTHOUSE_URL: `http://${reader.address}`,
      PATH: [join(reader.scratch, 'bin'), ...reader.path, process.env['PATH']].join(delimiter),
      CURL: spawnSync('bash', ['-c', 'command -v curl'], { encoding: 'utf8' }).stdout.trim(),
    },
    stdio: 'ignore',
    detached: true,
  })
  const kill = () => process.kill(-(shell.pid as number), 'SIGKILL')
  const late = setTimeout(kill, reader.longestMs)
  reader.signal?.addEventListener('abort', kill)
  await once(shell, 'close')
  reader.signal?.removeEventListener('abort', kill)
  clearTimeout(late)
  return steps.flatMap((step, at) => faultsOf(page, step, join(reader.scratch, String(at))))
}

/** A `curl` that tells the status of each answer, and ends what follows without end once it has caught up; the packages that snippets import. */
function furnish({ scratch, project }: Reader): void {
  mkdirSync(join(scratch, 'bin'), { recursive: true })
  mkdirSync(join(scratch, 'node_modules', '@lighthouse'), { recursive: true })
  writeFileSync(join(scratch, 'bin', 'curl'), readFileSync(join(import.meta.dirname, 'telling-curl.sh')))
  chmodSync(join(scratch, 'bin', 'curl'), 0o755)
  symlinkSync(join(project, 'client'), join(scratch, 'node_modules', '@lighthouse', 'client'))
  symlinkSync(join(project, 'node_modules', 'ws'), join(scratch, 'node_modules', 'ws'))
}

function writeStep({ scratch, address }: Reader, { kind, text, route }: Step, at: number): void {
  const file = (ending: string) => join(scratch, `${at}.${ending}`)
  const here = (script: string) => script.replaceAll(ADDRESS, address)
  if (kind === 'shell') writeFileSync(file('sh'), here(text))
  if (kind === 'body') {
    const [method, path] = (route as string).split(' ')
    writeFileSync(file('json'), text)
    const kindOfBody = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
    writeFileSync(file('sh'), `curl -sS -X ${method} ${kindOfBody} "http://${address}${path}" -d @${file('json')}\n`)
  }
  if (kind === 'frames') {
    writeFileSync(file('txt'), text)
    writeFileSync(
      file('sh'),
      `"${process.execPath}" "${join(import.meta.dirname, 'talk.mjs')}" "ws://${address}/v1/stream" "$TOKEN" ${file('txt')}\n`,
    )
  }
  if (kind === 'javascript') {
    const { module, endless } = snippetOf(text)
    writeFileSync(file('mjs'), here(module))
    writeFileSync(file('sh'), `export TOKEN\n${endless ? 'until_it_speaks ' : ''}node ${file('mjs')}\n`)
  }
}

function wholeScript(scratch: string, count: number): string {
  const run = (at: number) =>
    `. "${scratch}/${at}.sh" >"${scratch}/${at}.out" 2>"${scratch}/${at}.err" </dev/null; touch "${scratch}/${at}.done"`
  return [
    'set -o pipefail',
    // Not of what is asked in a condition, as bash has it.
    `trap 'printf "@failed %s: %s\\n" "$?" "$BASH_COMMAND" >&2' ERR`,
    'until_it_speaks() {',
    '  exec {told}< <(exec "$@"); local pid=$!',
    '  if IFS= read -r -u "$told" line; then printf "%s\\n" "$line"; kill "$pid" 2>/dev/null; else wait "$pid"; return 1; fi',
    '}',
    ...Array.from({ length: count }, (_, at) => run(at)),
    '',
  ].join('\n')
}

function faultsOf({ path }: Page, { line, text, shown }: Step, file: string): string[] {
  const where = `${path}:${line}`
  if (!existsSync(`${file}.done`)) return [`${where} did not come to its end`]
  const out = readFileSync(`${file}.out`, 'utf8')
  const err = readFileSync(`${file}.err`, 'utf8')
  const statuses = [...err.matchAll(/^@answer (\d+) (.*)$/gm)].map(([, status, url]) => ({
    status: Number(status),
    url,
  }))
  const wanted = shown === undefined ? undefined : statusShown(shown)
  const odd = statuses.filter(({ status }, at) =>
    wanted !== undefined && at === statuses.length - 1 ? status !== wanted : status < 200 || status > 299,
  )
  const faults = [
    ...odd.map(({ status, url }) => `answered ${status} at ${url}`),
    ...[...err.matchAll(/^@failed (.*)$/gm)].map(([, what]) => `failed with ${what}`),
  ]
  const difference = shown === undefined ? undefined : differenceOf(shown, out)
  if (difference !== undefined) faults.push(difference)
  const said = `${out}\n${err}`.trim().slice(-2_000)
  return faults
    .map(fault => `${where} ${fault}`)
    .concat(faults.length > 0 ? [`in\n${text.trim()}\nwhich said\n${said}`] : [])
}
