// The command line as a process: pipes, colours, Ctrl-C, a server that goes away and comes back.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { run } from '../../src/cli/run.js'
import { freePort } from '../support/free-port.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'

const main = resolve('dist/cli/main.js')
const folder = makeTempDirectory()
/** It makes a terminal for what it runs; where it is missing, the bar is held by progress.spec.ts alone. */
const hasScript = spawnSync('sh', ['-c', 'command -v script']).status === 0
let port: number
let server: RunningServer
let env: Record<string, string>

beforeAll(async () => {
  port = await freePort()
  server = await RunningServer.start({ LIGHTHOUSE_PORT: String(port) })
  const token = await tokenOf({ sub: 'builder-1', role: 'admin' })
  env = { LIGHTHOUSE_URL: server.url, LIGHTHOUSE_TOKEN: token, XDG_CONFIG_HOME: folder }
})

afterAll(async () => {
  await server.stop()
  removeTempDirectory(folder)
})

interface Called {
  readonly child: ChildProcess
  readonly said: { out: string; err: string }
  readonly code: Promise<unknown>
}

function called(command: string, args: readonly string[], more: NodeJS.Dict<string> = {}): Called {
  const child = spawn(command, args, { env: { ...process.env, ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.on('data', text => (said.out += String(text)))
  child.stderr.on('data', text => (said.err += String(text)))
  return { child, said, code: once(child, 'close').then(([code, signal]) => signal ?? code) }
}

const lighthouse = (...args: string[]) => called(process.execPath, [main, ...args])
const NODE_AND_MAIN = { NODE: process.execPath, MAIN: main }
const inShell = (script: string) =>
  called('bash', ['-c', `lighthouse() { "$NODE" "$MAIN" "$@"; }\n${script}`], NODE_AND_MAIN)

async function appended(type: string): Promise<void> {
  const quiet = { out: () => undefined, err: () => undefined, env }
  expect(await run(['append', type, '--stream', 'agent_builder-1'], quiet)).toBe(0)
}

test('tail ends without a word when its reader has gone, and Ctrl-C ends it with 130', async () => {
  await appended('First')
  const piped = inShell(`lighthouse tail --after start --format '{type}' | head -1; echo "\${PIPESTATUS[1]}"`)
  const pressed = lighthouse('tail', '--after', 'start')
  await until(() => pressed.said.out !== '')
  pressed.child.kill('SIGINT')
  expect([await pressed.code, pressed.said.err]).toEqual([130, ''])
  // It notices at the next event that nobody reads any more.
  let over = false
  void piped.code.then(() => {
    over = true
  })
  while (!over) await appended('Next')
  expect([await piped.code, piped.said]).toEqual([0, { out: 'First\n0\n', err: '' }])
})

test('in a pipe nothing has a colour, and JSON is what jq takes', async () => {
  const plain = inShell('lighthouse events --limit 1; lighthouse events --limit 2 --json')
  expect(await plain.code).toBe(0)
  expect(plain.said.out).not.toContain('\x1b')
  const [first = '', ...json] = plain.said.out.trimEnd().split('\n')
  expect(first).toMatch(/^1 \S+Z First agent_builder-1 builder-1 \{\}$/)
  expect(json.map(line => JSON.parse(line).position)).toEqual([1, 2])
  const said: string[] = []
  const terminal = { out: (text: string) => said.push(text), err: () => undefined, env, colours: true }
  await run(['events', '--limit', '1'], terminal)
  expect(said[0]).toContain('\x1b[36mFirst\x1b[0m')
})

test('tail goes on behind what it has printed when the server comes back, and the next call behind that', async () => {
  const file = join(folder, 'seen')
  writeFileSync(file, '0\n')
  const tail = lighthouse('tail', '--resume-file', file, '--format', '{position} {type}')
  await until(() => tail.said.out.includes('First'))
  await server.end()
  await until(() => tail.said.err.includes('the connection broke'))
  server = await RunningServer.start({ LIGHTHOUSE_PORT: String(port) }, server.directory)
  await appended('Last')
  await until(() => tail.said.out.includes(' Last\n'))
  tail.child.kill('SIGINT')
  expect(await tail.code).toBe(130)
  expect(tail.said.err).toContain('connected again')
  const positions = tail.said.out
    .trimEnd()
    .split('\n')
    .map(line => Number(line.split(' ')[0]))
  expect(positions).toEqual(positions.map((_, at) => at + 1))
  expect(readFileSync(file, 'utf8')).toBe(`${positions.length}\n`)
  await appended('Later')
  const next = lighthouse('tail', '--resume-file', file, '--format', '{position} {type}', '--limit', '1')
  expect([await next.code, next.said.out]).toEqual([0, `${positions.length + 1} Later\n`])
})

test('long work has a bar on a terminal, and a line at its end elsewhere', async () => {
  const replay = `"$NODE" "$MAIN" replay --limit 3 --speed 0.000000001 --longest-pause 1`
  // `script` runs it on a terminal of its own, of which it prints all that it shows.
  const shown = hasScript ? called('script', ['-qec', `${replay} > /dev/null`, '/dev/null'], NODE_AND_MAIN) : undefined
  const piped = called('bash', ['-c', replay], NODE_AND_MAIN)
  expect(await piped.code).toBe(0)
  expect(piped.said.out.trimEnd().split('\n')).toHaveLength(3)
  expect(piped.said.err).toMatch(/^replay: 3 positions in \d+ s, \d\/s\n$/)
  if (shown === undefined) return
  expect(await shown.code).toBe(0)
  // Each time it takes the place of the one before, and at the end of all.
  const lines = shown.said.out.split('\r\x1b[2K')
  expect(lines[1]).toMatch(/^replay \[#*\.+\] \d+ %, \d+ s left {2}\d of \d+ positions {2}\d\/s$/)
  expect(lines.at(-1)).toMatch(/^replay: 3 positions in /)
})

test('a control character in an event gives a terminal no order', async () => {
  const said: string[] = []
  const terminal = { out: (text: string) => said.push(text), err: () => undefined, env }
  await run(['append', 'Odd', '{"text":"\\u001b[2J\\u009b\\n"}', '--stream', 'agent_builder-1'], terminal)
  await run(['events', '--last', '1', '--format', '{data.text}'], terminal)
  expect(said[1]).toBe('\\u001b[2J\\u009b\\u000a')
})

test('contexts keep their tokens to themselves: mode 0600, printed never, sent to no other server', async () => {
  const said: string[] = []
  const { LIGHTHOUSE_URL: url = '', LIGHTHOUSE_TOKEN: token = '' } = env
  const home = { XDG_CONFIG_HOME: join(folder, 'contexts') }
  const terminal = { out: (text: string) => said.push(text), err: (text: string) => said.push(text), env: home }
  expect(await run(['context', 'add', 'here', url, '--token', token], terminal)).toBe(0)
  expect(await run(['whoami'], terminal)).toBe(0)
  expect(await run(['context', 'list'], terminal)).toBe(0)
  expect(await run(['context', 'list', '--json'], terminal)).toBe(0)
  expect(await run(['whoami', '--server', 'http://lighthouse.example'], terminal)).toBe(2)
  expect(said.join('\n')).toContain(`builder-1, as admin, at ${url} (the context here)`)
  expect(said.join('\n')).not.toContain(token)
  expect(statSync(join(home.XDG_CONFIG_HOME, 'lighthouse', 'contexts.json')).mode & 0o777).toBe(0o600)
})

test('dev prints a token and what to try, other commands find it by themselves, and Ctrl-C ends it in order', async () => {
  const data = join(folder, 'dev')
  const own = await freePort()
  const here = { LIGHTHOUSE_DATA_DIR: data, LIGHTHOUSE_PORT: String(own), XDG_CONFIG_HOME: folder }
  const dev = called(process.execPath, [main, 'dev', '--port', String(own), '--data', data], { LIGHTHOUSE_URL: '' })
  await until(() => dev.said.out.includes('export TOKEN=') || dev.said.err.includes('export TOKEN='))
  const said: string[] = []
  const terminal = { out: (text: string) => said.push(text), err: (text: string) => said.push(text), env: here }
  expect([await run(['append', 'Tried', '--stream', 's'], terminal), said]).toEqual([
    0,
    [expect.stringContaining('stored at position 1')],
  ])
  dev.child.kill('SIGINT')
  expect(await dev.code).toBe(0)
})

test('the completion of bash knows commands, members of families and options', async () => {
  const at = (...words: string[]) =>
    `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _lighthouse; echo "\${COMPREPLY[@]}"`
  const asked = [
    at('lighthouse', 'ex'),
    at('lighthouse', 'groups', 'ta'),
    at('lighthouse', 'groups', 'take', 'workers', '--a'),
    at('lighthouse', 'tail', '--fo'),
  ]
  const shell = inShell(`eval "$(lighthouse completion bash)"\n${asked.join('\n')}`)
  expect([await shell.code, shell.said.out]).toEqual([0, 'export\ntake\n--ack\n--format\n'])
})
