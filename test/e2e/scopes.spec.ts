// Every route with every role and every way of writing its path: nobody gets further than the scope the route declares.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Access, ROLES, SCOPES, type Scope } from '../../src/auth/access.js'
import { RunningServer, tokenOf } from '../support/running-server.js'

interface Operation {
  readonly 'x-scope'?: string
  readonly requestBody?: unknown
}

const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, Operation>>
}
const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const routes = Object.entries(paths).flatMap(([path, item]) =>
  METHODS.filter(method => method in item).map(method => {
    const operation = item[method] as Operation
    return { path, method: method.toUpperCase(), scope: operation['x-scope'], hasBody: 'requestBody' in operation }
  }),
)

/** A path with something in the place of its parameters. */
const filled = (path: string) => path.replace('{stream}', 'agent_matrix').replaceAll(/\{\w+\}/g, 'none')

const VARIANTS: Readonly<Record<string, (path: string) => string>> = {
  'as it is': path => path,
  'with a slash behind': path => `${path}/`,
  'with two slashes in front': path => `/${path}`,
  'in capitals': path => path.toUpperCase(),
  'with an encoded letter': path => path.replace('e', '%65'),
  'with an encoded slash': path => path.replace('/v1/', '/v1%2f'),
  'with a dot segment': path => path.replace('/v1/', '/v1/./'),
  'with a semicolon': path => `${path};a=b`,
}

const QUOTAS = JSON.stringify(
  Object.fromEntries(
    ROLES.map(role => [role, { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }]),
  ),
)

let server: RunningServer
beforeAll(async () => {
  server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: QUOTAS })
})
afterAll(() => server.stop())

async function ask(
  method: string,
  path: string,
  token?: string,
): Promise<{ status: number; challenge: string | null }> {
  const answer = await fetch(server.url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(method === 'POST' || method === 'PUT' ? { 'content-type': 'application/json' } : {}),
    },
    ...(method === 'POST' || method === 'PUT' ? { body: '{}' } : {}),
    signal: AbortSignal.timeout(20_000),
  })
  await answer.body?.cancel()
  return { status: answer.status, challenge: answer.headers.get('www-authenticate') }
}

test('every route under /v1 declares its scope, and what is public is no part of /v1', () => {
  expect(routes.length).toBeGreaterThanOrEqual(12)
  for (const { path, method, scope } of routes) {
    const known: readonly string[] = [...SCOPES, 'any']
    if (path.startsWith('/v1/')) expect([method, path, known.includes(scope ?? 'none')]).toEqual([method, path, true])
    else expect([method, path, scope]).toEqual([method, path, path === '/metrics' ? 'optional' : 'public'])
  }
})

const guarded = routes.filter(({ path }) => path.startsWith('/v1/'))

describe.each(guarded)('$method $path', ({ path, method, scope }) => {
  test.each(Object.entries(VARIANTS))('%s: a stranger is told to say who they are', async (_, variant) => {
    for (const verb of new Set([method, method === 'GET' ? 'HEAD' : method])) {
      const { status, challenge } = await ask(verb, variant(filled(path)))
      // A stranger who goes on trying is told to wait. The path of another route is told by 405 which methods that has.
      expect([401, 404, 405, 429]).toContain(status)
      if (status === 401) expect(challenge).toMatch(/^Bearer realm=/)
    }
  })

  test('OPTIONS tells a stranger no more than the methods there are', async () => {
    expect([401, 404, 405, 429]).toContain((await ask('OPTIONS', filled(path))).status)
  })

  test.each(ROLES)('the role %s gets as far as its scopes', async role => {
    const token = await tokenOf({ sub: 'matrix', role })
    const may = scope === 'any' || new Access({ agentId: 'matrix', role }).has(scope as Scope)
    // A wait would wait; that it gets so far is seen from its refusal of a bad timeout.
    const query = path.endsWith('/wait') ? '?timeout=none' : ''
    const { status } = await ask(method, filled(path) + query, token)
    // A consumer may send the definition of its group as it is; to define and delete one takes another scope, too.
    const defines = method !== 'GET' && path === '/v1/subscriptions/{name}'
    const mayDefine = new Access({ agentId: 'matrix', role }).has('subscriptions.manage')
    if (may && (mayDefine || !defines)) expect([200, 201, 202, 204, 400, 404]).toContain(status)
    else expect(status).toBe(403)
    for (const variant of Object.values(VARIANTS).slice(1)) {
      const other = await ask(method, variant(filled(path)) + query, token)
      // What was created by the first is there for the others.
      expect([status, ...(status === 201 ? [200] : []), 400, 404, 405]).toContain(other.status)
    }
  })

  test('a token without permissions for it gets nowhere', async () => {
    const token = await tokenOf({ sub: 'matrix', role: 'admin', permissions: {} })
    const { status } = await ask(method, filled(path), token)
    expect(status === 403 || (scope === 'any' && status < 500)).toBe(true)
  })
})
