// A stranger with Node and npm alone: what npm packs is installed into an empty folder; how long it is from there to the first event.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { freePort } from '../support/free-port.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'

const scripts = new URL('../../scripts/node-20.mjs', import.meta.url).href
const { findNode20 } = (await import(scripts)) as { findNode20: () => string | undefined }
/** The oldest that is promised, where there is one. */
const node = findNode20() ?? process.execPath
const place = makeTempDirectory()
const home = join(place, 'stranger')
/** Nothing of this clone, and nothing that its owner has set. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(LIGHTHOUSE_|npm_|NODE_|TEST_)/.test(name))),
  PATH: `${dirname(node)}${delimiter}${process.env['PATH']
    ?.split(delimiter)
    .filter(folder => !folder.includes('node_modules'))
    .join(delimiter)}`,
  XDG_CONFIG_HOME: join(place, 'config'),
}

function npm(args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

let installSeconds = 0

beforeAll(() => {
  const packed = npm(['pack', '--json', '--loglevel=error', '--pack-destination', place], process.cwd())
  expect([packed.status, packed.status === 0 ? '' : packed.stderr]).toEqual([0, ''])
  const tarball = readdirSync(place).find(name => name.endsWith('.tgz')) ?? ''
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{"private":true}')
  const begun = performance.now()
  const install = (...how: string[]) =>
    npm(['install', ...how, '--no-audit', '--no-fund', '--loglevel=error', join(place, tarball)], home)
  // From the cache where it has everything; the network is the stranger's own.
  const [offline, online] = [install('--offline'), () => install('--prefer-offline')]
  const installed = offline.status === 0 ? offline : online()
  installSeconds = (performance.now() - begun) / 1_000
  expect([installed.status, installed.status === 0 ? '' : installed.stderr]).toEqual([0, ''])
}, 600_000)

afterAll(() => removeTempDirectory(place))

const children: ChildProcess[] = []

function lighthouse(...args: string[]) {
  const child = spawn('npx', ['--no-install', 'lighthouse', ...args], { cwd: home, env })
  children.push(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', text => (said.out += String(text)))
  child.stderr.on('data', text => (said.err += String(text)))
  return { child, said, code: once(child, 'close').then(([code, signal]) => signal ?? code) }
}

afterAll(() => children.forEach(child => void child.kill('SIGTERM')))

test('from the first command to the first event it is less than a minute, and the demo is green', async () => {
  const port = String(await freePort())
  const begun = performance.now()
  const dev = lighthouse('dev', '--port', port, '--data', './data')
  await until(() => /export TOKEN=/.test(dev.said.out + dev.said.err))
  const readySeconds = (performance.now() - begun) / 1_000
  const here = ['--server', `http://127.0.0.1:${port}`]
  const token = /export TOKEN=(\S+)/.exec(dev.said.out + dev.said.err)?.[1] ?? ''
  const append = lighthouse(
    'append',
    'Greeting',
    '{"text":"hello"}',
    '--stream',
    'agent_developer',
    ...here,
    '--token',
    token,
  )
  expect([await append.code, append.said.err]).toEqual([0, ''])
  const eventSeconds = (performance.now() - begun) / 1_000
  const events = lighthouse('events', '--format', '{position} {data.text}', ...here, '--token', token)
  expect([await events.code, events.said.out]).toEqual([0, '1 hello\n'])
  dev.child.kill('SIGTERM')
  await dev.code
  const demo = lighthouse('demo')
  expect([await demo.code, demo.said.err]).toEqual([0, ''])
  expect(demo.said.out).toContain('\n0 lost, 0 doubled\n')
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
  const [, demoSeconds] = /after ([\d.]+) s/.exec(demo.said.out) ?? []
  process.stdout.write(
    `a stranger on Node ${version}: installed in ${installSeconds.toFixed(1)} s; first command to a ready server ${readySeconds.toFixed(1)} s, to the first event ${eventSeconds.toFixed(1)} s; demo ${demoSeconds} s\n`,
  )
  expect(eventSeconds).toBeLessThanOrEqual(60)
}, 300_000)
