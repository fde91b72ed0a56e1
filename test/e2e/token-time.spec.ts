// Tokens and time on the real server: what has expired stays so when the clock has gone back, also across a restart.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { HOUR, ManualClock } from '../support/manual-clock.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { StreamClient } from '../support/stream-client.js'
import { makeTempDirectory } from '../support/temp-directory.js'

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
const agent = { sub: 'a', role: 'agent' }

let server: RunningServer
/** The last event is of a time two hours ahead of the clock, as when it has gone back by as much since. */
beforeAll(async () => {
  const directory = makeTempDirectory()
  const clock = new ManualClock(BigInt(Date.now()) * 1_000_000n + 2n * HOUR)
  const store = await openEmbedded({ directory, nodeId: 'node-1', clock, allowUnsafeFilesystem: true })
  await store.append({ events: [{ type: 'Told', stream: 'a', data: {} }], author: { agentId: 'a' } })
  await store.close()
  server = await RunningServer.start({}, directory)
})
afterAll(() => server.stop())

const read = async (token: string) =>
  fetch(`${server.url}/v1/events`, { headers: { authorization: `Bearer ${token}` } })

test('a token that had expired before the clock went back is still dead, over HTTP and on the stream', async () => {
  const token = await tokenOf({ ...agent, exp: inSeconds(3_600) })
  const answer = await read(token)
  const detail = expect.stringContaining('has expired')
  expect([answer.status, await answer.json()]).toMatchObject([401, { detail }])
  await expect(StreamClient.open(server.url, { authorization: `Bearer ${token}` })).rejects.toThrow('401')
  const client = await StreamClient.open(server.url)
  client.send({ type: 'auth', token })
  expect(await client.closed()).toBe(4401)
})

test('a token that lasts longer is good', async () => {
  expect((await read(await tokenOf({ ...agent, exp: inSeconds(3 * 3_600) }))).status).toBe(200)
})

test('the log says so loudly, and by how much', () => {
  const loud = server.lines.map(line => JSON.parse(line)).filter(({ behindSeconds }) => behindSeconds !== undefined)
  expect(loud).toEqual([
    expect.objectContaining({
      level: 'warn',
      message: expect.stringContaining('BEHIND THE LOG'),
      component: 'security',
    }),
  ])
  expect(Math.abs(loud[0].behindSeconds - 7_200)).toBeLessThan(120)
})
