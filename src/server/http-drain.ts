// The end of a server's connections: what is being answered is answered, what is idle is closed, and none outlasts
// the drain. Closing the server alone closes what is idle at that moment and then waits for the others without limit:
// for a connection whose answer was under way and that is kept alive after it, and for one that never asks.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** For answers under way; well within the time the whole shutdown has. */
const drainMs = 10_000
/** How often connections that have become idle are looked for while draining. */
const lookEveryMs = 20

export function drainAtTheEnd(fastify: FastifyInstance, server: Server): void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  fastify.addHook('preClose', done => {
    const deadline = setTimeout(() => server.closeAllConnections(), drainMs)
    const look = setInterval(() => {
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
      server.closeIdleConnections()
    }, lookEveryMs)
    deadline.unref()
    look.unref()
    server.once('close', () => {
      clearTimeout(deadline)
      clearInterval(look)
    })
    done()
  })
}
