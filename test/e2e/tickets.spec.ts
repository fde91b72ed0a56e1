// A ticket in an address: nothing that the built server writes, or answers, shows one, however much it logs.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { EventSourceReader } from '../support/event-source-reader.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { StreamClient, socketTo } from '../support/stream-client.js'

let server: RunningServer
beforeAll(async () => {
  server = await RunningServer.start({ LIGHTHOUSE_LOG_LEVEL: 'trace' })
})
afterAll(() => server.stop())

test('no ticket is in a log line, a metric, the security journal or an answer', async () => {
  const authorization = `Bearer ${await tokenOf({ sub: 'operator', role: 'admin' })}`
  const ticketOf = async () => {
    const made = await fetch(`${server.url}/v1/tickets`, { method: 'POST', headers: { authorization } })
    return ((await made.json()) as { ticket: string }).ticket
  }
  const tickets = [await ticketOf(), await ticketOf(), await ticketOf()]
  const [sse, socket, spare] = tickets as [string, string, string]
  const told: string[] = []
  const ask = async (path: string, headers: Record<string, string> = { accept: 'text/event-stream' }) => {
    const answer = await fetch(server.url + path, { headers })
    told.push(JSON.stringify([...answer.headers]), await answer.text())
    return answer.status
  }
  const reader = await EventSourceReader.open(`${server.url}/v1/events?after=0&ticket=${sse}`, {})
  await reader.until('caughtUp')
  reader.close()
  const client = await StreamClient.open(server.url, { path: `/v1/stream?ticket=${socket}` })
  await client.next('welcome')
  await client.close()
  expect([
    await ask(`/v1/events?ticket=${sse}`),
    await ask(`/v1/events?%74icket=${sse}`),
    await ask(`/v1/events?ticket=${sse}&ticket=${spare}`),
    await ask(`/v1/events?nonsense=1&ticket=${spare}`),
    await ask(`/v1/events?limit=1&ticket=${spare}`, { authorization }),
    await ask(`/v1/none?ticket=${spare}`),
    await ask(`/livez?ticket=${spare}`),
    await ask(`/metrics?ticket=${spare}`),
  ]).toEqual([401, 401, 400, 400, 400, 404, 200, 400])
  for (const path of [`/v1/stream?ticket=${socket}`, `/v1/other?ticket=${socket}`]) {
    const refused = socketTo(server.url, { path })
    refused.on('error', () => undefined)
    const [, answer] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage]
    told.push(JSON.stringify(answer.headers), await text(answer))
  }
  await ask('/metrics', { authorization })
  await server.end()
  const next = await RunningServer.start({}, server.directory)
  const journal = await fetch(`${next.url}/v1/events?stream=$security`, { headers: { authorization } })
  told.push(await journal.text())
  await next.end()
  expect(told.at(-1)).toContain('The ticket is not known')
  expect(server.lines.length).toBeGreaterThan(10)
  for (const ticket of tickets)
    expect([...server.lines, ...next.lines, ...told].filter(line => line.includes(ticket))).toEqual([])
}, 60_000)
