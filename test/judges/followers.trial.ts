// Clients of server-sent events that others wrote follow through a kill and a restart, and miss and repeat nothing.
import { expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { until } from '../support/until.js'
import { FOLLOWERS, type Follower } from './followers/followers.js'

const EACH_LIFE = 40
const there = FOLLOWERS.filter(({ isHere }) => isHere)
const missing = FOLLOWERS.filter(({ isHere }) => !isHere).map(({ name }) => name)
// skip: none of the followers is here; the name of the test says so
const judged = there.length > 0 ? test : test.skip
const without = missing.length > 0 ? ` (skipped: ${missing.join(', ')}; npm run tools)` : ''

/** Answers the positions. */
async function append(url: string, token: string, count: number): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const positions: string[] = []
  for (let i = 0; i < count; i++) {
    const body = JSON.stringify({ type: 'judged', stream: `followed/${i % 2}`, data: { text: 'a\nb\r\n\u2028 ü 🐙' } })
    const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body })
    positions.push(`${((await answer.json()) as { position: number }).position}`)
  }
  return positions
}

judged(`eventsource, httpx-sse and Chromium see each event once through a kill and a restart${without}`, async () => {
  const token = await tokenOf({ sub: 'followed', role: 'admin' })
  let server = await RunningServer.start()
  const again = { LIGHTHOUSE_PORT: new URL(server.url).port }
  const followers: Follower[] = []
  try {
    const stored = await append(server.url, token, EACH_LIFE)
    for (const { follow } of there)
      followers.push(await follow({ url: server.url, path: '/v1/events?stream=followed/*', token }))
    const followed = (count: number) => until(() => followers.every(({ seen }) => seen.length >= count))
    await followed(EACH_LIFE)
    for (const end of ['kill', 'end'] as const) {
      stored.push(...(await append(server.url, token, EACH_LIFE)))
      await server[end]()
      server = await RunningServer.start(again, server.directory)
      stored.push(...(await append(server.url, token, EACH_LIFE)))
      await followed(stored.length)
    }
    for (const [i, { name }] of there.entries()) {
      const { seen, interruptions } = followers[i] as Follower
      process.stdout.write(`${name}: ${seen.length} of ${stored.length} events, ${interruptions()} interruptions\n`)
      expect(seen).toEqual(stored)
      expect(interruptions()).toBeGreaterThanOrEqual(2)
    }
  } finally {
    for (const follower of followers) await follower.stop()
    await server.stop()
  }
})
