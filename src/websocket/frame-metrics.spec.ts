// Frames are counted and timed by their type and what came of them, and sockets while they are open.
import { agent, bearerOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { StreamClient } from '../../test/support/stream-client.js'
import { until } from '../../test/support/until.js'
import { EventsModule } from '../events/events.module.js'
import { Metrics } from '../metrics/metrics.js'
import { WebSocketModule } from './websocket.module.js'

const lines: string[] = []
let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([EventsModule, WebSocketModule], {}, lines)
})
afterAll(() => server.stop())

async function figure(name: string): Promise<number> {
  const text = await server.app.get(Metrics, { strict: false }).text()
  const line = text.split('\n').find(one => one.startsWith(`lighthouse_${name} `))
  return line === undefined ? 0 : Number(line.split(' ')[1])
}

const frames = (type: string, outcome: string) =>
  figure(`websocket_frame_duration_seconds_count{type="${type}",outcome="${outcome}"}`)

test('each type of frame is counted with what came of it, failures apart from what the client did wrong', async () => {
  const client = await StreamClient.open(server.url, { authorization: bearerOf(agent('a', 'agent')) })
  await client.next('welcome')
  expect(await figure('websocket_connections')).toBe(1)
  const append = (id: string, event: object) => client.send({ type: 'append', id, events: [event] })
  append('good', { type: 'Told', stream: 'agent_a', data: {} })
  append('wrong', { type: 'Told', stream: 'agent_a' })
  append('elsewhere', { type: 'Told', stream: 'of-others', data: {} })
  client.send({ type: 'ping' })
  await until(async () => (await frames('append', 'refused')) === 2)
  await until(async () => (await frames('append', 'answered')) === 1)
  await until(async () => (await frames('ping', 'answered')) === 1)
  await server.store.close()
  append('late', { type: 'Told', stream: 'agent_a', data: {} })
  await client.next('error', 'late')
  await until(async () => (await frames('append', 'failed')) === 1)
  expect(lines.find(line => line.includes('a request failed'))).toContain('"frame_id":"late"')
  expect(await figure('websocket_frame_duration_seconds_sum{type="append",outcome="answered"}')).toBeGreaterThan(0)
  client.socket.terminate()
  await until(async () => (await figure('websocket_connections')) === 0)
})
