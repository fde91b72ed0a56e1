// `lighthouse demo` and `bench` on servers of their own: green through a kill -9 within twenty seconds, and however they end nothing stays behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'

const folder = makeTempDirectory()
const TMPDIR = makeTempDirectory()

afterAll(() => {
  removeTempDirectory(folder)
  removeTempDirectory(TMPDIR)
})

/** Where Node keeps what it has compiled is not ours. */
const left = () => readdirSync(TMPDIR).filter(name => name.startsWith('lighthouse-'))

function lighthouse(...args: string[]) {
  // Settings of the user's own server are nothing to it, and the folder it is called from neither.
  const env = { ...process.env, TMPDIR, LIGHTHOUSE_ENV: 'production', LIGHTHOUSE_URL: 'http://127.0.0.1:2' }
  const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], { cwd: folder, env })
  const said = { out: '', err: '' }
  child.stdout.on('data', text => (said.out += String(text)))
  child.stderr.on('data', text => (said.err += String(text)))
  return { child, said, code: once(child, 'close').then(([code, signal]) => signal ?? code) }
}

test('nothing is lost or doubled though the server is killed, and it takes at most twenty seconds', async () => {
  const begun = performance.now()
  const { said, code } = lighthouse('demo', '--seed', '3')
  expect([await code, said.err]).toEqual([0, ''])
  const seconds = (performance.now() - begun) / 1_000
  expect(said.out).toMatch(/kill -9 of the server[\s\S]*\n0 lost, 0 doubled\nall is well/)
  process.stdout.write(`cli: the demo took ${seconds.toFixed(1)} s\n`)
  expect(seconds).toBeLessThan(20)
  expect([left(), readdirSync(folder)]).toEqual([[], []])
}, 60_000)

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s ends it and its server without a word, while it starts and while it works',
  async (signal, meant) => {
    for (const begun of ['', 'agents at work']) {
      const { child, said, code } = lighthouse('demo')
      await until(() => said.out.includes(begun) && left().length > 0)
      child.kill(signal)
      expect([begun, await code, said.err]).toEqual([begun, meant, ''])
      expect(left()).toEqual([])
    }
  },
  60_000,
)

test('a bench without a server is of the disk of a directory, which it leaves as it was', async () => {
  const { said, code } = lighthouse('bench', '--duration', '1', '--connections', '2', '--json')
  expect(await code).toBe(0)
  const { of, fileSystem, streams, measured } = JSON.parse(said.out)
  expect([of, typeof fileSystem, streams, measured.length]).toEqual(['.', 'string', undefined, 3])
  expect(readdirSync(folder)).toEqual([])
}, 60_000)
