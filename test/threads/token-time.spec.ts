// All threads judge tokens by one time, also those that start when the clock of the machine has gone back.
import { Agent, get } from 'node:http'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { endFrontThread, isReplacement, threadsEnv } from '../support/several-threads.js'
import { until } from '../support/until.js'

const CONNECTIONS = 16
/** More than the leeway, less than the clock goes back. */
const EXPIRED_SECONDS = 600

let server: RunningServer
beforeAll(async () => {
  const { NODE_OPTIONS, ...env } = threadsEnv(2)
  const clock = `--import=${resolve('test/support/clock-that-goes-back.mjs')}`
  server = await RunningServer.start({ ...env, NODE_OPTIONS: `${NODE_OPTIONS} ${clock}` })
})
afterAll(() => server.stop())

/** Over a connection of its own, which any thread may take. */
function statusFor(token: string): Promise<number | undefined> {
  return new Promise((answered, failed) => {
    const agent = new Agent({ keepAlive: false })
    const headers = { authorization: `Bearer ${token}` }
    get(`${server.url}/v1/events?limit=1`, { agent, headers }, answer => {
      answer.resume().once('end', () => answered(answer.statusCode))
    }).once('error', failed)
  })
}

function lastReplacement(): number {
  return server.lines.findLastIndex(isReplacement)
}

test('a token that has expired stays so for a thread that starts when the clock has gone back', async () => {
  const claims = { sub: 'builder-1', role: 'admin' }
  const [good, expired] = await Promise.all([
    tokenOf(claims),
    tokenOf({ ...claims, exp: Math.floor(Date.now() / 1_000) - EXPIRED_SECONDS }),
  ])
  process.kill(server.pid, 'SIGWINCH')
  endFrontThread(server)
  await until(() => lastReplacement() >= 0)
  const { thread } = JSON.parse(server.lines[lastReplacement()] as string) as { thread: number }
  // The new one answers.
  await until(async () => {
    await statusFor(good).catch(() => undefined)
    const since = server.lines.slice(lastReplacement()).map(line => JSON.parse(line) as Record<string, unknown>)
    return since.some(line => line['thread'] === thread && line['message'] === 'request answered')
  })
  const statuses = await Promise.all(Array.from({ length: CONNECTIONS }, () => statusFor(expired)))
  expect(statuses).toEqual(statuses.map(() => 401))
})
