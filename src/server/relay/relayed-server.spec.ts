// Proves what holds for relayed requests beside the bytes of their answers: who waits, who leaves, who counts and who is left.
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { MessageChannel, Worker } from 'node:worker_threads'
import { expect, test } from '@jest/globals'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { ADMIN, bearerOf, createServer, jsonOf } from '../../../test/support/http-server-under-test.js'
import { type RelayedServer, startRelayedServer } from '../../../test/support/relayed-server.js'
import { until } from '../../../test/support/until.js'
import { AppModule } from '../../app.module.js'
import { EventsModule } from '../../events/events.module.js'
import { ThreadCalls } from '../../threads/thread-calls.js'
import type { HttpAdapter } from '../http-server.js'
import { RelayedRequests } from './relayed-requests.js'

interface FrontThread {
  readonly worker: Worker
  readonly relayed: RelayedRequests
  readonly url: string
}

async function startFrontThread(writer: NestFastifyApplication): Promise<FrontThread> {
  const { port1, port2 } = new MessageChannel()
  const script = new URL('../../../test/support/relaying-thread.ts', import.meta.url)
  const execArgv = ['--import', new URL('../../../scripts/typescript.mjs', import.meta.url).href]
  const worker = new Worker(script, { workerData: { port: port2 }, transferList: [port2], execArgv })
  const adapter = writer.getHttpAdapter() as unknown as HttpAdapter
  const listening = once(worker, 'message')
  const relayed = await RelayedRequests.serve(adapter, new ThreadCalls(port1))
  const [port] = await listening
  return { worker, relayed, url: `http://127.0.0.1:${port}` }
}

const logged = { writer: [] as string[], front: [] as string[] }
const EVENT = { type: 'task.done', stream: 'tasks', data: { done: true } }

describe('a front that answers nothing by itself', () => {
  let server: RelayedServer
  beforeAll(async () => {
    server = await startRelayedServer({ writer: [AppModule], logged })
  })
  afterAll(() => server.stop())

  test('a long poll whose client leaves is given up by the writer', async () => {
    const leaving = new AbortController()
    const waiting = server.front.call('/v1/events/wait?timeout=30', { signal: leaving.signal })
    await until(() => server.relayed.underWay === 1, 5)
    leaving.abort()
    await expect(waiting).rejects.toThrow()
    await until(() => server.relayed.underWay === 0)
  })

  test('a long poll is answered by the event that it waits for', async () => {
    const waiting = server.front.call('/v1/events/wait?timeout=30&stream=awaited')
    await until(() => server.relayed.underWay === 1, 5)
    await server.writer.call('/v1/events', { json: { ...EVENT, stream: 'awaited' } })
    const { events } = await jsonOf(waiting)
    expect(events).toMatchObject([{ type: EVENT.type, stream: 'awaited' }])
  })

  test('server-sent events come as they are appended, until their reader leaves', async () => {
    const leaving = new AbortController()
    const headers = { accept: 'text/event-stream' }
    const stream = await server.front.call('/v1/events?stream=followed', { headers, signal: leaving.signal })
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    const reader = (stream.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
    let heard = ''
    for (const name of ['first', 'second']) {
      await server.front.call('/v1/events', { json: { ...EVENT, stream: 'followed', data: { name } } })
      while (!heard.includes(`"${name}"`)) heard += (await reader.read()).value
    }
    expect(server.relayed.underWay).toBe(1)
    leaving.abort()
    await until(() => server.relayed.underWay === 0)
  })

  test('a connection goes on after a relayed answer', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports: unknown[] = []
    for (let n = 0; n < 3; n++) {
      const [answer] = (await once(get(`${server.front.url}/livez`, { agent }), 'response')) as [IncomingMessage]
      ports.push(answer.socket.localPort)
      expect(answer.headers.connection).toBe('keep-alive')
      await text(answer)
    }
    agent.destroy()
    expect(new Set(ports).size).toBe(1)
  })

  test('an answer is logged and counted once, by the writer', async () => {
    const id = 'logged-once'
    await server.front.call('/v1/whoami', { headers: { 'x-correlation-id': id } })
    const linesOf = (lines: string[]) => lines.filter(line => line.includes(id) && line.includes('request answered'))
    await until(() => linesOf(logged.writer).length > 0)
    expect(linesOf(logged.writer)).toHaveLength(1)
    expect(linesOf(logged.writer)[0]).toContain('"operation_type":"GET /v1/whoami"')
    expect(linesOf(logged.front)).toHaveLength(0)
    const metrics = await (await server.front.call('/metrics')).text()
    expect(metrics).toMatch(/http_request_duration_seconds_count\{[^}]*route="\/v1\/whoami"[^}]*\} 1$/m)
  })
})

test('threads of their own hand over to a writer that listens on no port, and one that dies takes only its own with it', async () => {
  const writer = await createServer([AppModule])
  await writer.app.init()
  const fronts = await Promise.all([startFrontThread(writer.app), startFrontThread(writer.app)])
  const [one, other] = fronts as [FrontThread, FrontThread]
  try {
    const headers = { authorization: bearerOf(ADMIN), 'content-type': 'application/json' }
    const body = JSON.stringify({ events: Array.from({ length: 500 }, () => EVENT) })
    const stored = await fetch(`${one.url}/v1/events/batch`, { method: 'POST', headers, body })
    expect(stored.status).toBe(201)
    const lines = await (
      await fetch(`${other.url}/v1/events?stream=tasks`, { headers: { ...headers, accept: 'application/x-ndjson' } })
    ).text()
    expect(lines.trim().split('\n')).toHaveLength(501)
    const waits = fronts.map(({ url }) => fetch(`${url}/v1/events/wait?timeout=30&type=late`, { headers }))
    const lost = expect(waits[0]).rejects.toThrow()
    await until(() => fronts.every(({ relayed }) => relayed.underWay === 1))
    await one.worker.terminate()
    await lost
    await until(() => one.relayed.underWay === 0)
    const late = JSON.stringify({ ...EVENT, type: 'late' })
    await fetch(`${other.url}/v1/events`, { method: 'POST', headers, body: late })
    expect((await (waits[1] as Promise<Response>)).status).toBe(200)
  } finally {
    for (const { worker } of fronts) await worker.terminate()
    await writer.stop()
  }
})

test('what the front has routes for it answers itself, but no path that is the writer’s', async () => {
  const server = await startRelayedServer({ writer: [AppModule], front: [EventsModule] })
  try {
    await server.writer.call('/v1/events', { json: EVENT })
    expect(await jsonOf(server.front.call('/v1/events'))).toMatchObject({ events: [] })
    // Its own pattern for events would take this for the id of one.
    const refused = await server.front.call('/v1/events/query')
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await jsonOf(refused)).toEqual({
      ...(await jsonOf(server.writer.call('/v1/events/query'))),
      correlationId: expect.any(String),
      traceId: expect.any(String),
    })
    expect((await server.front.call('/v1/events/nothing-like-it')).status).toBe(404)
    expect((await server.front.call('/v1/streams/tasks')).status).toBe(200)
  } finally {
    await server.stop()
  }
})

test('when the writer is gone, whoever waits for it and whoever asks then is told so, and the front logs it', async () => {
  const lines: string[] = []
  const server = await startRelayedServer({ writer: [AppModule], logged: { writer: [], front: lines } })
  try {
    const headers = { 'x-correlation-id': 'left-alone' }
    const waiting = server.front.call('/v1/events/wait?timeout=30', { headers })
    const leaving = new AbortController()
    const following = { headers: { accept: 'text/event-stream' }, signal: leaving.signal }
    const stream = await server.front.call('/v1/events', following)
    await until(() => server.relayed.underWay === 2)
    server.port.close()
    const lost = await waiting
    expect([lost.status, lost.headers.get('content-type')]).toEqual([503, 'application/problem+json; charset=utf-8'])
    expect(lost.headers.get('x-correlation-id')).toBe('left-alone')
    expect(await jsonOf(lost)).toMatchObject({ code: 'STORAGE_UNAVAILABLE', correlationId: 'left-alone' })
    // What has begun cannot be refused any more.
    await expect(stream.text()).rejects.toThrow()
    await until(() => server.relayed.underWay === 0)
    const refused = await fetch(`${server.front.url}/livez`, { headers: { authorization: bearerOf(ADMIN) } })
    expect(refused.status).toBe(503)
    const answered = lines.filter(line => line.includes('request answered') && line.includes('left-alone'))
    expect(answered).toHaveLength(1)
  } finally {
    await server.stop()
  }
})
