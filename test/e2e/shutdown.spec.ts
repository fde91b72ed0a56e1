// The end of a server in the middle of its work: what it has answered is there afterwards, and it ends in order.
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { EventSourceReader } from '../support/event-source-reader.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { StreamClient } from '../support/stream-client.js'

const WRITERS = 20

test('asked to end while agents append, it answers what it took, and the next start finds it', async () => {
  const server = await RunningServer.start()
  const authorization = `Bearer ${await tokenOf({ sub: 'a', role: 'system_agent' })}`
  const headers = { authorization, 'content-type': 'application/json' }
  const stored: string[] = []
  const write = async (url: string, writer: number): Promise<void> => {
    for (let n = 0; ; n++) {
      const body = JSON.stringify({ type: 'Told', stream: `writer_${writer}`, data: { n } })
      const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body }).catch(() => undefined)
      if (answer?.status !== 201) return
      stored.push(((await answer.json()) as { id: string }).id)
    }
  }
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(server.url, writer))
  while (stored.length < 200) await new Promise(setImmediate)
  expect(await server.end()).toBe(0)
  await Promise.all(writers)
  const next = await RunningServer.start({}, server.directory)
  try {
    const found = new Set<string>()
    const lines = await fetch(`${next.url}/v1/events`, { headers: { authorization, accept: 'application/x-ndjson' } })
    for (const line of (await lines.text()).trim().split('\n')) found.add(JSON.parse(line).event?.id)
    expect(stored.filter(id => !found.has(id))).toEqual([])
    expect(next.lines.join('\n')).toContain('"clean":true')
  } finally {
    await next.stop()
  }
}, 60_000)

test('a connection that has asked nothing, and one that is kept open, do not hold it up', async () => {
  const server = await RunningServer.start()
  const silent = connect(Number(new URL(server.url).port))
  const kept = connect(Number(new URL(server.url).port))
  await Promise.all([once(silent, 'connect'), once(kept, 'connect')])
  kept.write('GET /livez HTTP/1.1\r\nHost: lighthouse\r\n\r\n')
  await once(kept, 'data')
  const closed = Promise.all(
    [silent, kept].map(socket => new Promise(done => socket.on('error', done).on('close', done))),
  )
  expect(await server.end()).toBe(0)
  await closed
  await server.stop()
})

test('whoever follows is told, over either way, and does not hold it up', async () => {
  const server = await RunningServer.start()
  const authorization = `Bearer ${await tokenOf({ sub: 'a', role: 'system_agent' })}`
  const client = await StreamClient.open(server.url, { authorization })
  const reader = await EventSourceReader.open(`${server.url}/v1/events`, { authorization })
  const stranger = await StreamClient.open(server.url)
  client.send({ type: 'subscribe', id: 's' })
  await client.next('caughtUp')
  expect(await server.end()).toBe(0)
  expect([await client.closed(), await stranger.closed()]).toEqual([1001, 1001])
  await client.next('goaway')
  await reader.until('goaway')
  await server.stop()
})
