// The mode is pushed to all who listen, on sockets and on server-sent events, and at the beginning unless it is NORMAL.

import { EventSourceReader } from '../../test/support/event-source-reader.js'
import { agent, bearerOf, useServer } from '../../test/support/http-server-under-test.js'
import { StreamClient } from '../../test/support/stream-client.js'
import { DegradationModule } from '../degradation/degradation.module.js'
import { EventsModule } from '../events/events.module.js'
import { Signals } from '../signals/signals.js'
import { WebSocketModule } from './websocket.module.js'

const server = useServer(EventsModule, WebSocketModule, DegradationModule)
const authorization = () => ({ authorization: bearerOf(agent('ada')) })
const tell = (level: 'ok' | 'warning') =>
  server.app
    .get(Signals, { strict: false })
    .tell({ cause: 'manual', level, detail: 'the disk is being moved', metrics: {} })
const warned = { type: 'mode', mode: 'WARNING', reason: 'the disk is being moved' }

test('who listens hears of each mode, and who comes later of the one that is not NORMAL', async () => {
  const socket = await StreamClient.open(server.url, authorization())
  await socket.next('welcome')
  const stream = await EventSourceReader.open(`${server.url}/v1/events?after=0`, authorization())
  await stream.until('caughtUp')
  tell('warning')
  expect(await socket.next('mode')).toEqual(warned)
  expect((await stream.until('mode')).frame).toEqual(warned)
  const [later, laterStream] = await Promise.all([
    StreamClient.open(server.url, authorization()),
    EventSourceReader.open(`${server.url}/v1/events?after=0`, authorization()),
  ])
  expect(await later.next('mode')).toEqual(warned)
  expect(await laterStream.until('mode')).toMatchObject({ id: undefined, frame: warned })
  tell('ok')
  for (const listener of [socket, later]) expect(await listener.next('mode')).toEqual({ type: 'mode', mode: 'NORMAL' })
  for (const listener of [stream, laterStream]) {
    expect((await listener.until('mode')).frame).toEqual({ type: 'mode', mode: 'NORMAL' })
    listener.close()
  }
  for (const listener of [socket, later]) listener.socket.terminate()
})

test('where all is well nobody is told', async () => {
  const socket = await StreamClient.open(server.url, authorization())
  socket.send({ type: 'ping' })
  await socket.next('heartbeat')
  expect(socket.heard.map(({ type }) => type)).toEqual(['welcome', 'heartbeat'])
  socket.socket.terminate()
})
