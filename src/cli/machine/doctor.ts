// `lighthouse doctor`: what is wrong with this machine, the data directory and the settings, and the command that mends it.
import { statSync } from 'node:fs'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { makesItsOwnSecret } from '../../auth/auth-options.js'
import { findDevelopmentSecret } from '../../auth/development-secret.js'
import { loadSettings, unknownVariables, type Variables } from '../../config/load-settings.js'
import { NEWER_NODE, tooOldNode } from '../../config/node-version.js'
import { BadSettings } from '../../config/parse-settings.js'
import type { Settings } from '../../config/settings.js'
import { codeOf } from '../../contract/errors.js'
import { descriptorsOf } from '../../monitors/process-facts.js'
import { volumeOf } from '../../monitors/volume-monitor.js'
import { readStartOptions } from '../../server/start-options.js'
import { firstPermissionFault } from '../../storage/permission-faults.js'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { reportJson } from '../report-json.js'
import { coloured } from '../server/print.js'
import { inShell } from '../shell-quote.js'

interface Finding {
  readonly what: string
  readonly state: 'ok' | 'warning' | 'wrong'
  readonly detail: string
  /** The command, or what to do, that mends it. */
  readonly mend?: string
}

export async function doctor(
  { args, json = false }: { readonly args: readonly string[]; readonly json: boolean | undefined },
  terminal: Terminal,
): Promise<number> {
  const env = terminal.env ?? process.env
  const findings = [nodeFinding(), ...(await descriptorFindings()), ...(await settingFindings(args, env))]
  if (json) await terminal.out(reportJson(findings))
  else await terminal.out(findings.map(finding => inWords(finding, terminal)).join('\n'))
  return findings.some(({ state }) => state === 'wrong') ? EXIT.no : EXIT.clean
}

const COLOURS = { ok: 'green', warning: 'yellow', wrong: 'red' } as const

function inWords({ what, state, detail, mend }: Finding, terminal: Terminal): string {
  const line = `${coloured(state.padEnd(7), COLOURS[state], terminal)}  ${what}: ${detail}`
  return mend === undefined ? line : `${line}\n         mend: ${mend}`
}

function nodeFinding(): Finding {
  const detail = `${process.versions.node} on ${process.platform}-${process.arch}`
  if (tooOldNode() === undefined) return { what: 'Node', state: 'ok', detail }
  return { what: 'Node', state: 'wrong', detail, mend: NEWER_NODE }
}

/** Each connection and each open segment takes one. */
const FEW_DESCRIPTORS = 4_096

async function descriptorFindings(): Promise<Finding[]> {
  const found = await descriptorsOf()
  if (found === undefined) return []
  const what = 'open files'
  const detail = `at most ${found.limit} in a process that is started here`
  if (found.limit >= FEW_DESCRIPTORS) return [{ what, state: 'ok', detail }]
  return [{ what, state: 'warning', detail, mend: 'ulimit -n 65536, or LimitNOFILE=65536 in the unit' }]
}

async function settingFindings(args: readonly string[], env: Variables): Promise<Finding[]> {
  const unknown = unknownVariables(env).map(
    (name): Finding => ({ what: name, state: 'warning', detail: 'sets nothing', mend: `unset ${name}` }),
  )
  let settings: Settings
  try {
    settings = loadSettings(env, undefined, readStartOptions(args).flags)
  } catch (error) {
    if (!(error instanceof BadSettings)) throw error
    const mend = 'docs/CONFIGURATION.md says what each setting takes'
    const wrong = error.problems.map((detail): Finding => ({ what: 'a setting', state: 'wrong', detail, mend }))
    return [...wrong, ...unknown]
  }
  const understood: Finding = { what: 'settings', state: 'ok', detail: `understood, for ${settings.env}` }
  return [
    understood,
    ...unknown,
    ...(await directoryFindings(settings)),
    ...secretFindings(settings),
    await portFinding(settings),
  ]
}

async function directoryFindings(settings: Settings): Promise<Finding[]> {
  const directory = resolve(settings.dataDir)
  const what = `data directory ${directory}`
  try {
    if (!statSync(directory).isDirectory())
      return [{ what, state: 'wrong', detail: 'is a file', mend: 'name another: --data DIR, or LIGHTHOUSE_DATA_DIR' }]
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      const mend = `make it readable for this user, or name another: --data DIR`
      return [{ what, state: 'wrong', detail: `cannot be looked at (${codeOf(error)})`, mend }]
    }
    return [{ what, state: 'ok', detail: 'is not there yet; the first start makes it' }]
  }
  const fault = firstPermissionFault(directory)
  if (fault !== undefined) {
    const detail = `${fault.path} has mode ${fault.mode} and owner ${fault.owner}; it needs ${fault.needs}`
    return [{ what, state: 'wrong', detail, mend: fault.command }]
  }
  return [{ what, state: 'ok', detail: 'can be used by this user' }, await roomFinding(directory)]
}

const GB = 1024 ** 3
const LITTLE_GB = 5

async function roomFinding(directory: string): Promise<Finding> {
  const { freeBytes, totalBytes } = await volumeOf(directory)
  const [free, whole] = [freeBytes / GB, totalBytes / GB]
  const what = 'room on its volume'
  const detail = `${free.toFixed(1)} of ${whole.toFixed(1)} GB free`
  if (free >= LITTLE_GB || free / whole >= 0.1) return { what, state: 'ok', detail }
  const mend = `remove what is not needed there: du -xh ${inShell(directory)} | sort -h | tail`
  return { what, state: free < 1 ? 'wrong' : 'warning', detail, mend }
}

function secretFindings(settings: Settings): Finding[] {
  const what = 'secret for tokens'
  if (!makesItsOwnSecret(settings)) return [{ what, state: 'ok', detail: 'is configured' }]
  const kept = findDevelopmentSecret(settings.dataDir)
  if (kept === undefined) return [{ what, state: 'ok', detail: 'the first start in development makes one' }]
  const mode = statSync(kept.file).mode & 0o077
  if (mode === 0) return [{ what, state: 'ok', detail: `kept in ${kept.file}` }]
  const detail = `others may read ${kept.file}`
  return [{ what, state: 'wrong', detail, mend: `chmod 600 ${inShell(kept.file)}` }]
}

async function portFinding({ host, port }: Settings): Promise<Finding> {
  const what = `port ${port}`
  if (port === 0) return { what, state: 'ok', detail: 'a free one is taken' }
  const reached = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  if (!(await listens(reached, port))) return { what, state: 'ok', detail: `is free on ${reached}` }
  const said = await fetch(`http://${reached.includes(':') ? `[${reached}]` : reached}:${port}/livez`, {
    signal: AbortSignal.timeout(2_000),
  }).then(
    answer => answer.text(),
    () => '',
  )
  if (said.includes('"checks"'))
    return { what, state: 'ok', detail: 'a server listens there: lighthouse check says how it is' }
  const mend = `use another port: --port N; ss -ltnp 'sport = :${port}' says who it is`
  return { what, state: 'wrong', detail: `something else listens on ${reached}`, mend }
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise(tell => {
    const socket = connect({ host, port, timeout: 2_000 })
    const end = (answer: boolean) => () => {
      socket.destroy()
      tell(answer)
    }
    socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false))
  })
}
