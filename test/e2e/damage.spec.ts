// A byte rots under a running server: whoever reads it is told, no append is taken from then on, and so it stays over
// restarts until an operator has looked.
import { execFile } from 'node:child_process'
import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from '@jest/globals'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

const directory = makeTempDirectory()
afterAll(() => removeTempDirectory(directory))

const token = await tokenOf({ sub: 'ops', role: 'system_agent' })
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }

/** So many segments that no start reads the oldest as a whole. */
async function fill(): Promise<number> {
  const store = await openEmbedded({ directory, nodeId: 'n1', segmentBytes: 6_000, presizeBytes: 0 })
  for (let at = 0; at < 12; at++) {
    const events = [{ type: 'told', stream: 'orders', data: { at, filler: 'x'.repeat(2_000) } }]
    await store.append({ events, author: { agentId: 'a1' } })
  }
  const { head } = { head: store.head() }
  await store.close()
  return head
}

function flip(path: string, at: number): void {
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, at)
  writeSync(file, Buffer.from([(byte[0] as number) ^ 1]), 0, 1, at)
  closeSync(file)
}

async function answerOf(answer: Response): Promise<readonly [number, string | undefined]> {
  const { code } = (await answer.json()) as { code?: string }
  return [answer.status, code]
}

const append = async (server: RunningServer) =>
  answerOf(
    await fetch(`${server.url}/v1/events`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ stream: 'orders', type: 'told', data: {} }),
    }),
  )

const read = async (server: RunningServer, after: number) =>
  answerOf(await fetch(`${server.url}/v1/events?after=${after}&limit=2`, { headers }))

async function expectStopped(server: RunningServer): Promise<void> {
  expect(await append(server)).toEqual([503, 'MODE_FORBIDS'])
  expect(await read(server, 0)).toEqual([500, 'DATA_CORRUPT'])
  expect(await read(server, 1)).toEqual([200, undefined])
  const skipping = await fetch(`${server.url}/v1/events?limit=2&onDamaged=skip`, { headers })
  expect(await skipping.json()).toMatchObject({ events: [{ position: 2 }, {}], damaged: [{ from: 1, to: 1 }] })
  expect(skipping.headers.get('lighthouse-mode')).toBe('EMERGENCY')
  const health = (await (await fetch(`${server.url}/health/event_store`)).json()) as object
  expect(JSON.stringify(health)).toContain('corrupt')
}

async function lighthouse(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const program = [resolve('dist/cli/main.js'), ...args]
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, program)
    return { code: 0, said: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, said: stdout + stderr }
  }
}

test('a read is told of it, appends are refused, a restart forgets nothing, and a repair makes the store writable', async () => {
  const head = await fill()
  const [oldest = ''] = readdirSync(join(directory, 'segments')).filter(name => name.endsWith('.log'))
  let server = await RunningServer.start({}, directory)
  expect(await append(server)).toEqual([201, undefined])
  flip(join(directory, 'segments', oldest), 4_096 + 76 + 36 + 40)
  expect(await read(server, 0)).toEqual([500, 'DATA_CORRUPT'])
  await expectStopped(server)
  expect(await server.end()).toBe(0)

  server = await RunningServer.start({}, directory)
  await expectStopped(server)
  await server.kill()

  expect((await lighthouse('verify', directory)).code).not.toBe(0)
  expect(await lighthouse('repair', directory)).toMatchObject({ said: expect.stringContaining('DAMAGE') })
  expect(await lighthouse('repair', directory, '--yes')).toMatchObject({ code: 0 })
  server = await RunningServer.start({}, directory)
  expect(await append(server)).toEqual([201, undefined])
  expect(await read(server, 0)).toEqual([500, 'DATA_CORRUPT'])
  expect(await append(server)).toEqual([201, undefined])
  expect(await read(server, head)).toEqual([200, undefined])
  expect(await server.end()).toBe(0)
}, 300_000)
