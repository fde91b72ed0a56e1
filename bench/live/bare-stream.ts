// The floor of fan-out: bare `ws` that sends the same frame to every client, as often as a client asks for.
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1', perMessageDeflate: false })
server.on('connection', socket => {
  socket.on('message', (bytes: Buffer) => {
    const { count, frame } = JSON.parse(bytes.toString()) as { count: number; frame: string }
    const payload = Buffer.from(frame)
    const sendTurn = (left: number): void => {
      if (left === 0) return
      for (const client of server.clients) client.send(payload, { binary: false })
      setImmediate(sendTurn, left - 1)
    }
    sendTurn(count)
  })
})
process.on('SIGTERM', () => process.exit(0))
