// What a client is told that is still sending when it is refused.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { agent, bearerOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'

let server: ServerUnderTest
beforeEach(async () => {
  server = await startServer([EventsModule])
})
afterEach(() => server.stop())

/** What a client has been answered when its connection is over. */
async function answered(send: (socket: Socket) => void): Promise<string> {
  const { port, hostname } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  let text = ''
  let failure = ''
  socket.on('data', bytes => (text += bytes))
  socket.on('error', ({ message }) => (failure = message))
  await once(socket, 'connect')
  send(socket)
  await once(socket, 'close')
  return failure + text
}

const heads = (...lines: string[]) => [...lines, `authorization: ${bearerOf(agent('ada'))}`, '', ''].join('\r\n')
const statusOf = (answer: string) => answer.split('\r\n', 1)[0]
const MIB = 1024 * 1024

test('a body far beyond the limit is answered 413, whenever its sender looks', async () => {
  const head = heads(
    'POST /v1/events HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    `content-length: ${28 * MIB}`,
  )
  const senders = Array.from({ length: 3 }, () =>
    answered(socket => {
      socket.pause()
      socket.write(head)
      socket.write(Buffer.alloc(28 * MIB, 0x20), () => socket.resume())
    }),
  )
  for (const answer of await Promise.all(senders)) expect(statusOf(answer)).toBe('HTTP/1.1 413 Payload Too Large')
})

test('what is not HTTP is answered 400, whatever follows it', async () => {
  const answer = await answered(socket => {
    socket.pause()
    socket.write('GET / HTTP/9.9\r\n\r\n')
    socket.write(Buffer.alloc(8 * MIB, 0x20), () => socket.resume())
  })
  expect(statusOf(answer)).toBe('HTTP/1.1 400 Bad Request')
})

test('a request that breaks off in a transfer encoding nobody knows has one answer', async () => {
  const answer = await answered(socket =>
    socket.write(`${heads('POST /v1/events HTTP/1.1', 'host: localhost', 'transfer-encoding: gzip, nonsense')}ab`),
  )
  expect(answer.match(/HTTP\/1\.1 \d\d\d/g)).toHaveLength(1)
})
