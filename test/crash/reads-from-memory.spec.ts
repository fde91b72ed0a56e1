// Storage that cannot be read any more: a page that lies wholly in memory is served as ever, any other is refused.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { FailingReads } from '../support/failing-reads.js'
import { FakeDisk } from '../support/fake-disk.js'
import { tokenOf } from '../support/running-server.js'
import { type ServerInProcess, startOn } from '../support/server-on-a-disk.js'
import { until } from '../support/until.js'

const AUTHOR = { agentId: 'a1' }
/** Before anybody follows, and behind that. */
const [EARLIER, LATER] = [40, 40]
const BYTES = 20_000

let disk: FailingReads
let server: ServerInProcess
let follower: AbortController
let token: string

const append = (n: number) =>
  server.store.append({
    events: [{ type: n % 2 === 0 ? 'even' : 'odd', stream: 'orders', data: { n, filler: 'f'.repeat(BYTES) } }],
    author: AUTHOR,
  })

async function page(query: string): Promise<{ status: number; positions: number[]; next: unknown; code: unknown }> {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${server.url}/v1/events?${query}`, { headers })
  const { events = [], next, code } = (await answer.json()) as Record<string, never>
  return { status: answer.status, positions: (events as { position: number }[]).map(one => one.position), next, code }
}

beforeAll(async () => {
  disk = new FailingReads(new FakeDisk({ directories: ['/data'] }))
  token = await tokenOf({ sub: 'a1', role: 'agent' })
  const forgetful = { openFiles: 1, pageCacheBytes: 4_096, cachedStreams: 1, segmentBytes: 100_000 }
  server = await startOn(disk, { directory: '/data', scrubBytesPerSecond: 0, archiveAfterDays: 0, ...forgetful })
  for (let n = 1; n <= EARLIER; n++) await append(n)
  follower = new AbortController()
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'text/event-stream',
  }
  const stream = await fetch(`${server.url}/v1/events?after=${EARLIER}`, { headers, signal: follower.signal })
  expect(stream.status).toBe(200)
  let told = ''
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of stream.body as ReadableStream<Uint8Array>) told += decoder.decode(chunk)
  })().catch(() => undefined)
  for (let n = 1; n <= LATER; n++) await append(EARLIER + n)
  await until(() => told.includes(`id: ${EARLIER + LATER}\n`))
  void reading
})
afterAll(async () => {
  follower.abort()
  disk.heal()
  await server.stop()
})

test('what lies in memory is answered as it was, and of the rest no page comes, and none that is shorter', async () => {
  const queries = {
    within: [
      `after=${EARLIER}&limit=100`,
      `after=${EARLIER + 3}&limit=10`,
      `after=${EARLIER}&type=even&limit=5`,
      'order=desc&limit=20',
      `order=desc&type=odd&limit=10`,
    ],
    beyond: ['after=0&limit=100', `after=${EARLIER - 1}&limit=100`, 'order=desc&limit=60', 'order=desc&type=none'],
  }
  const before = await Promise.all(queries.within.map(page))
  expect(before.map(({ status }) => status)).toEqual(queries.within.map(() => 200))
  disk.arm({ at: 1, code: 'EIO', forGood: true })
  expect(await Promise.all(queries.within.map(page))).toEqual(before)
  expect(disk.delivered).toBeGreaterThan(0)
  for (const query of queries.beyond) {
    expect({ query, ...(await page(query)) }).toMatchObject({ query, status: 503, code: 'STORAGE_UNAVAILABLE' })
  }
})
