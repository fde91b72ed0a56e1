// A token that has leaked: revoked for requests and open connections alike, restarts included, until it is restored.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { StreamClient } from '../support/stream-client.js'

let server: RunningServer
const bearer = async (claims: object) => `Bearer ${await tokenOf({ role: 'admin', ...claims })}`

beforeEach(async () => {
  server = await RunningServer.start()
})
afterEach(() => server.stop())

const REVOCATIONS = '/v1/admin/revocations'

function ask(path: string, authorization: string, method = 'GET', body?: object): Promise<Response> {
  const headers = { authorization, ...(body === undefined ? undefined : { 'content-type': 'application/json' }) }
  return fetch(server.url + path, {
    method,
    headers,
    ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
  })
}

test('an agent is out within seconds, wherever it is connected, and stays out over a restart', async () => {
  const admin = await bearer({ sub: 'operator' })
  const leaked = await bearer({ sub: 'builder-1', role: 'agent' })
  const open = await StreamClient.open(server.url, { authorization: leaked })
  await open.next('welcome')
  expect((await ask('/v1/events', leaked)).status).toBe(200)
  const revoked = await ask(REVOCATIONS, admin, 'POST', { kind: 'agent', id: 'builder-1', reason: 'seen in a log' })
  expect(revoked.status).toBe(201)
  expect(await revoked.json()).toMatchObject({ kind: 'agent', id: 'builder-1', by: 'operator' })
  const asked = performance.now()
  const refused = await ask('/v1/events', leaked)
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('revoked')])
  expect(await open.closed()).toBe(4401)
  expect(performance.now() - asked).toBeLessThan(5_000)
  await server.end()
  server = await RunningServer.start({}, server.directory)
  expect((await ask('/v1/events', leaked)).status).toBe(401)
  expect(await (await ask(REVOCATIONS, admin)).json()).toMatchObject({
    revocations: [{ kind: 'agent', id: 'builder-1', reason: 'seen in a log', by: 'operator' }],
  })
  expect((await ask(`${REVOCATIONS}/agent/builder-1`, admin, 'DELETE')).status).toBe(204)
  expect((await ask('/v1/events', leaked)).status).toBe(200)
  const told = await (await ask('/v1/events?stream=$security&type=token.*', admin)).json()
  expect(told).toMatchObject({ events: [{ type: 'token.revoked' }, { type: 'token.restored' }] })
}, 60_000)

test('one token is revoked by its jti, and the agent goes on with another', async () => {
  const admin = await bearer({ sub: 'operator' })
  const [one, other] = [
    await bearer({ sub: 'a', role: 'agent', jti: 't1' }),
    await bearer({ sub: 'a', role: 'agent', jti: 't2' }),
  ]
  for (let n = 0; n < 2; n++) {
    expect((await ask(REVOCATIONS, admin, 'POST', { kind: 'token', id: 't1' })).status).toBe(201)
  }
  expect([(await ask('/v1/events', one)).status, (await ask('/v1/events', other)).status]).toEqual([401, 200])
  expect(await (await ask(REVOCATIONS, admin)).json()).toMatchObject({ revocations: { length: 1 } })
})

test('what cannot be revoked is told, and nobody else revokes', async () => {
  const admin = await bearer({ sub: 'operator' })
  const refused = async (body: object, by = admin) => {
    const answer = await ask(REVOCATIONS, by, 'POST', body)
    const { errors } = (await answer.json()) as { errors?: readonly { readonly pointer: string }[] }
    return [answer.status, errors?.[0]?.pointer]
  }
  expect(await refused({ kind: 'agent', id: 'operator' })).toEqual([400, '/id'])
  expect(await refused({ kind: 'everyone', id: 'a' })).toEqual([400, '/kind'])
  expect(await refused({ kind: 'agent' })).toEqual([400, '/id'])
  expect(await refused({ kind: 'agent', id: '' })).toEqual([400, '/id'])
  expect(await refused({ kind: 'agent', id: 'a', until: 'tomorrow' })).toEqual([400, '/until'])
  expect((await refused({ kind: 'agent', id: 'a' }, await bearer({ sub: 's', role: 'system_agent' })))[0]).toBe(403)
  for (const path of ['agent/nobody', 'everyone/a', 'token/none']) {
    expect((await ask(`${REVOCATIONS}/${path}`, admin, 'DELETE')).status).toBe(404)
  }
})
