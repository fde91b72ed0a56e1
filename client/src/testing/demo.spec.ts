// The demonstration against the server in process: what it counts, that a seed repeats it, and that it sees what is lost or doubled.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { tokenOf } from '../../../test/support/running-server.js'
import { type ServerInProcess, startFakeServer } from '../../../test/support/server-on-a-disk.js'
import { Lighthouse } from '../lighthouse.js'
import { runDemo } from './demo.js'

let server: ServerInProcess

beforeAll(async () => {
  server = await startFakeServer()
})

afterAll(() => server.stop())

function clientWith(fetch: typeof globalThis.fetch = globalThis.fetch): Lighthouse {
  return new Lighthouse({ url: server.url, token: () => tokenOf({ sub: 'operator', role: 'admin' }), fetch })
}

/** The key of the fiftieth event that the agents append as they should. */
function theFiftieth(): (init: RequestInit | undefined) => boolean {
  const keys = new Set<string>()
  return init => {
    const key = new Headers(init?.headers).get('idempotency-key')
    if (key === null || /\/(conflict|refused)$/.test(key)) return false
    if (keys.size < 50) keys.add(key)
    return keys.size === 50 && [...keys].at(-1) === key
  }
}

test('nothing is lost or doubled, each task has one owner, and the same seed makes the same agents do the same', async () => {
  const said: string[] = []
  const [one, again, other] = await Promise.all([
    runDemo(clientWith(), { seed: 7, say: line => said.push(line) }),
    runDemo(clientWith(), { seed: 7 }),
    runDemo(clientWith(), { seed: 8 }),
  ])
  expect(one).toMatchObject({ lost: [], doubled: [], unexpected: 0, isWell: true })
  expect(one).toMatchObject({ claims: { tried: 30, stored: 6, notOwnedOnce: 0 }, tasks: { offered: 6, done: 6 } })
  expect(one.stored).toBe(one.acknowledged)
  expect(one.validation.escalated).toBeGreaterThan(0)
  expect([one.agents.crashes, one.agents.conflicts, one.tasks.redelivered].every(count => count > 0)).toBe(true)
  expect(said.at(-1)).toBe('0 lost, 0 doubled')
  expect(again.validation).toEqual(one.validation)
  expect(other.validation).not.toEqual(one.validation)
  expect(again.streams).not.toBe(one.streams)
})

test('an event that was acknowledged and is not there is told as lost, one that is there twice as doubled', async () => {
  const toLose = theFiftieth()
  // A server that lies: it acknowledges and stores nothing.
  const losing: typeof fetch = async (input, init) => {
    if (!toLose(init)) return fetch(input, init)
    const { stream } = JSON.parse(String(init?.body)) as { readonly stream: string }
    const said = { id: '0000000000000000001_1_liar', position: 1, stream, revision: 0, duplicate: false }
    return Response.json({ ...said, timestamp: new Date().toISOString() }, { status: 201 })
  }
  const toDouble = theFiftieth()
  const doubling: typeof fetch = async (input, init) => {
    const { 'idempotency-key': _, ...headers } = { ...(init?.headers as Record<string, string>) }
    const answer = await fetch(input, init)
    if (toDouble(init)) await fetch(input, { ...init, headers })
    return answer
  }
  const [lacking, twice] = await Promise.all([losing, doubling].map(fetch => runDemo(clientWith(fetch))))
  expect([lacking?.lost.length, lacking?.doubled.length, lacking?.isWell]).toEqual([1, 0, false])
  expect([twice?.lost.length, twice?.doubled.length, twice?.isWell]).toEqual([0, 1, false])
})
