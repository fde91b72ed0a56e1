// A server that measures nothing answers like any other, and its figures stand still.
import { ADMIN, bearerOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'
import { OperationsModule } from '../operations/operations.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([EventsModule, OperationsModule], { measureOperations: false })
})
afterAll(() => server.stop())

test('appends, reads and requests leave no figure, and what is looked up when asked for is told', async () => {
  const json = { type: 'Told', stream: 'talk', data: {} }
  expect((await server.call('/v1/events', { json })).status).toBe(201)
  expect((await server.call('/v1/events')).status).toBe(200)
  const text = await (await server.call('/metrics', { headers: { authorization: bearerOf(ADMIN) } })).text()
  for (const counted of ['append_duration_seconds_count', 'sync_duration_seconds_count', 'events_read_total'])
    expect(text).toContain(`\nlighthouse_${counted} 0\n`)
  for (const never of ['lighthouse_events_appended_total{', 'lighthouse_http_request_duration_seconds_count'])
    expect(text).not.toContain(never)
  expect(text).toContain('\nlighthouse_head_position 1\n')
})
