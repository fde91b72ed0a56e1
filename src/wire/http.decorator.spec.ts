// What a route is told of its caller: that it has left is heard, whether it leaves before or after the route asks.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpExchange } from './http.decorator.js'

/** An exchange over a real connection, and how its caller leaves: settles when the server has seen it. */
async function withExchange(work: (http: HttpExchange, leave: () => Promise<void>) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  try {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const [, answer] = (await once(server, 'request')) as [unknown, ServerResponse]
    const exchange = new HttpExchange({} as FastifyRequest, { raw: answer } as FastifyReply)
    await work(exchange, async () => {
      const closed = once(answer, 'close')
      socket.destroy()
      await closed
    })
  } finally {
    socket.destroy()
    server.close()
  }
}

test('a caller that leaves is noticed', () =>
  withExchange(async (http, leave) => {
    const signal = http.abortOnClose()
    expect(signal.aborted).toBe(false)
    await leave()
    expect(signal.aborted).toBe(true)
  }))

test('a caller that has left before anybody asked is noticed too', () =>
  withExchange(async (http, leave) => {
    await leave()
    expect(http.abortOnClose().aborted).toBe(true)
  }))
