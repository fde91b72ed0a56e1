// An operator sees what came of comparing held events with the stream, and lets the loser of a conflict count.
import { agent, jsonOf, useServer } from '../../../test/support/http-server-under-test.js'
import { SERVICE_AGENT } from '../../contract/check/check-append.js'
import type { RecordedEvent } from '../../contract/event.js'
import { EventsModule } from '../../events/events.module.js'
import { OperationsModule } from '../operations.module.js'

const server = useServer(EventsModule, OperationsModule)
const path = '/v1/admin/reconciliations'
const occurredAt = '2026-01-31T12:00:00.000Z'
const loser = { type: 'alert.noted', stream: '$alerts', data: { cause: 'memory' }, occurredAt }
const data = {
  stream: '$alerts',
  eventsRecovered: 2,
  alreadyStored: 1,
  conflictsResolved: 1,
  conflicts: [{ noteId: 'n1', kept: 'stored', loser }],
  lost: ['n0'],
  outOfStep: [],
}
const override = (noteId: string) => server.call(`${path}/override`, { json: { noteId, reason: 'the alert was real' } })

async function eventsOf(stream: string): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for await (const event of server.store.read({ filter: { streams: [stream] } })) found.push(event)
  return found
}

test('a conflict is shown with its loser, and counts the other way when an operator says so, once', async () => {
  const event = { type: 'ReconciliationResult', stream: '$degradation', data }
  await server.store.append({ events: [event], author: { agentId: SERVICE_AGENT } })
  const shown = { position: 1, stream: '$alerts', eventsRecovered: 2, alreadyStored: 1, lost: ['n0'], outOfStep: [] }
  const conflict = { noteId: 'n1', kept: 'stored', loser }
  expect((await jsonOf(server.call(path))).reconciliations).toEqual([
    { ...shown, timestamp: expect.any(String), conflicts: [{ ...conflict, overridden: false }] },
  ])
  const answers = await Promise.all([override('n1'), override('n1')])
  expect(await Promise.all(answers.map(jsonOf))).toEqual([
    { overridden: true, position: 2 },
    { overridden: true, position: 2 },
  ])
  expect(await eventsOf('$alerts')).toEqual([expect.objectContaining({ ...loser, metadata: { overrides: 'n1' } })])
  expect((await eventsOf('$degradation')).at(-1)).toMatchObject({
    type: 'ReconciliationOverridden',
    data: { noteId: 'n1', by: 'operator', reason: 'the alert was real' },
  })
  expect((await jsonOf(server.call(path))).reconciliations[0].conflicts).toEqual([{ ...conflict, overridden: true }])
})

test('a conflict that there is not is not decided, and nobody but an operator decides one', async () => {
  expect(await jsonOf(override('n2'))).toEqual({ overridden: false })
  expect((await server.call(path, { as: agent('a1') })).status).toBe(403)
  const json = { noteId: 'n1', reason: 'x' }
  expect((await server.call(`${path}/override`, { as: agent('s1', 'system_agent'), json })).status).toBe(403)
})
