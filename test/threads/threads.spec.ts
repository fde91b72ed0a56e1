// A server of several threads on one port: what it has acknowledged is there for all of them, whichever of them ends.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { KeptConnection } from '../support/kept-connection.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { endFrontThread, isReplacement, threadsEnv } from '../support/several-threads.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'

const FRONTS = 2
const CONNECTIONS = 16

let server: RunningServer
let authorization: string
beforeAll(async () => {
  authorization = `Bearer ${await tokenOf({ sub: 'builder-1', role: 'admin' })}`
  server = await RunningServer.start(threadsEnv(FRONTS))
})
afterAll(() => server.stop())

async function withConnections<T>(work: (all: readonly KeptConnection[]) => Promise<T>): Promise<T> {
  const all = Array.from({ length: CONNECTIONS }, () => new KeptConnection(server.url, authorization))
  try {
    return await work(all)
  } finally {
    for (const one of all) one.close()
  }
}

function threadsThatAnswered(): Set<unknown> {
  const lines = server.lines.map(line => JSON.parse(line) as { thread?: number; message?: string })
  return new Set(lines.filter(({ message }) => message === 'request answered').map(({ thread }) => thread))
}

test('an acknowledged append is there for the next request on any connection', async () => {
  await withConnections(async all => {
    for (const [number, one] of all.entries()) {
      const event = { type: 'Ticked', stream: 'agent_builder-1', data: { number } }
      const { status, body } = await one.ask('POST', '/v1/events', event)
      expect(status).toBe(201)
      const { position } = body as { position: number }
      const found = await Promise.all(all.map(other => other.ask('GET', `/v1/events?after=${position - 1}&limit=1`)))
      expect(found.map(({ body: page }) => (page as { events: { position: number }[] }).events[0]?.position)).toEqual(
        all.map(() => position),
      )
    }
  })
  await until(() => threadsThatAnswered().size === FRONTS)
})

test('a key that was used on one connection stands for the same append on every other', async () => {
  await withConnections(async all => {
    const event = { type: 'Once', stream: 'agent_builder-1', data: {} }
    const answers = await Promise.all(
      all.map(one => one.ask('POST', '/v1/events', event, { 'idempotency-key': 'once-for-all' })),
    )
    const positions = answers.map(({ body }) => (body as { position: number }).position)
    expect(new Set(positions).size).toBe(1)
  })
})

test('of conditional appends at the same time over all connections one is stored', async () => {
  await withConnections(async all => {
    const event = { type: 'Claimed', stream: 'agent_builder-1_claims', data: {}, expectedRevision: 'none' }
    const answers = await Promise.all(all.map(one => one.ask('POST', '/v1/events', event)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(CONNECTIONS - 1).fill(409)])
  })
})

test('a front thread that ends is replaced, nothing acknowledged is lost, and the others do not notice', async () => {
  const replaced = () => server.lines.filter(isReplacement).length
  const begun = replaced()
  await withConnections(async all => {
    const positions: number[] = []
    let broken = 0
    for (let round = 0; round < 20; round++) {
      if (round === 5) endFrontThread(server)
      const event = { type: 'Survived', stream: 'agent_builder-1_survivors', data: { round } }
      const answers = await Promise.allSettled(all.map(one => one.ask('POST', '/v1/events', event)))
      for (const answer of answers) {
        if (answer.status === 'rejected') broken++
        else positions.push((answer.value.body as { position: number }).position)
      }
    }
    expect(broken).toBeLessThan(CONNECTIONS)
    await until(() => replaced() > begun)
    const [one] = all as [KeptConnection]
    const { body } = await one.ask('GET', '/v1/streams/agent_builder-1_survivors/events?limit=1000')
    const stored = new Set((body as { events: { position: number }[] }).events.map(({ position }) => position))
    expect(positions.filter(position => !stored.has(position))).toEqual([])
  })
})

test('a second server on the same port is refused, though the threads of the first share it', async () => {
  const directory = makeTempDirectory()
  const { port } = new URL(server.url)
  const second = RunningServer.start({ LIGHTHOUSE_THREADS: '2', LIGHTHOUSE_PORT: port }, directory)
  await expect(second).rejects.toThrow('the server ended with')
  removeTempDirectory(directory)
})

test('the port is free again when the server has ended, and a new start finds all events', async () => {
  const directory = makeTempDirectory()
  const first = await RunningServer.start({ LIGHTHOUSE_THREADS: '2' }, directory)
  const event = JSON.stringify({ type: 'Kept', stream: 'agent_builder-1', data: {} })
  const headers = { authorization, 'content-type': 'application/json' }
  const stored = await fetch(`${first.url}/v1/events`, { method: 'POST', headers, body: event })
  expect(stored.status).toBe(201)
  expect(await first.end()).toBe(0)
  const free = createServer().listen(Number(new URL(first.url).port), '127.0.0.1')
  await once(free, 'listening')
  free.close()
  const next = await RunningServer.start({ LIGHTHOUSE_THREADS: '1' }, directory)
  const page = await (await fetch(`${next.url}/v1/events`, { headers })).json()
  expect((page as { events: { type: string }[] }).events.map(({ type }) => type)).toEqual(['Kept'])
  await next.stop()
})
