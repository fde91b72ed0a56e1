// Ends the connections of a server that closes: answers in progress are finished, idle connections are closed, and none
// outlasts the drain. `server.close()` alone closes what is idle at that moment and then waits without limit, both for
// a connection that is kept alive after its answer and for one that never sends a request.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Time for answers in progress; it is well within the time that the whole shutdown has. */
const drainMs = 10_000
/** How often the drain looks for connections that have become idle. */
const lookEveryMs = 20

export function drainAtTheEnd(fastify: FastifyInstance, server: Server): void {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  // With TLS a connection is two: below it the bytes of the handshake have come, and in it perhaps none of a request yet.
  server.on('connection', keep).on('secureConnection', keep)
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
