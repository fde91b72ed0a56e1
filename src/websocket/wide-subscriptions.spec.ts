// Subscriptions that every event costs a look: a few of one agent over all its connections, and room again on every end.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  agent,
  bearerOf,
  limitedTo,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { StreamClient } from '../../test/support/stream-client.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import { EventsModule } from '../events/events.module.js'
import { WebSocketModule } from './websocket.module.js'

let server: ServerUnderTest

beforeEach(async () => {
  server = await startServer([EventsModule, WebSocketModule], limitedTo({}, { wideSubscriptions: 2 }))
})
afterEach(() => server.stop())

const open = () => StreamClient.open(server.url, { authorization: bearerOf(agent('ada')) })
const held = () => server.app.get(WorkBudgets, { strict: false }).heldBy('ada', 'wideSubscriptions')

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

test('are counted until they are unsubscribed, refused, or their connection ends', async () => {
  const [one, other] = [await open(), await open()]
  one.send({ type: 'subscribe', id: 'all' })
  await one.next('subscribed', 'all')
  other.send({ type: 'subscribe', id: 'pattern', filter: { streams: ['a*'] } })
  await other.next('subscribed', 'pattern')
  other.send({ type: 'subscribe', id: 'more', filter: { types: ['T*'] } })
  expect((await other.next('error', 'more')).problem.code).toBe('WORK_LIMIT')
  other.send({ type: 'subscribe', id: 'narrow', filter: { streams: ['a*'], types: ['T'] } })
  await other.next('subscribed', 'narrow')
  one.send({ type: 'unsubscribe', id: 'all' })
  await one.next('closed', 'all')
  expect(held()).toBe(1)
  other.send({ type: 'subscribe', id: 'more', filter: { types: ['T*'] }, after: 99 })
  expect((await other.next('error', 'more')).problem.code).toBe('INVALID_REQUEST')
  expect(held()).toBe(1)
  other.socket.terminate()
  await until(() => held() === 0)
  one.socket.terminate()
})
