// A development server on a loopback address: its token goes to its own page under its own name, and to no page of elsewhere.
import { runInNewContext } from 'node:vm'
import { type DevelopmentServer, startDevelopmentServer } from '../test/support/development-server.js'

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
}

describe('a development server on a loopback address', () => {
  let server: DevelopmentServer
  beforeAll(async () => {
    server = await startDevelopmentServer()
  })
  afterAll(() => server.stop())

  const PATHS = ['/docs', '/docs/start.js', '/openapi.json', '/v1/events', '/livez', '/metrics', '/nowhere']

  test.each(PATHS)('%s is not for whoever comes under another name', async path => {
    const authorization = `Bearer ${server.token}`
    for (const host of ['evil.example', `evil.example:${server.port}`, 'localhost.evil.example', '10.0.0.1']) {
      for (const method of ['GET', 'POST']) {
        const { status, headers, body } = await server.ask(path, { host, authorization }, method)
        expect([path, host, status, JSON.parse(body)]).toMatchObject([path, host, 421, { code: 'WRONG_HOST' }])
        expect(headers['content-type']).toContain('application/problem+json')
        expect(body).not.toContain(server.token)
      }
    }
  })

  test.each(['localhost', '127.0.0.1', '[::1]', '127.3.2.1:1', 'LOCALHOST:99', 'localhost.'])(
    'it answers to %s',
    async host => {
      expect((await server.ask('/livez', { host })).status).toBe(200)
      expect((await server.ask('/v1/events', { host, authorization: `Bearer ${server.token}` })).status).toBe(200)
    },
  )

  test('no page of another name opens the stream, though it brings its own Host', async () => {
    const host = `evil.example:${server.port}`
    const refused = await server.ask('/v1/stream', { ...UPGRADE, host, origin: `http://${host}` })
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([421, { code: 'WRONG_HOST' }])
    expect((await server.ask('/nowhere', { ...UPGRADE, host })).status).toBe(421)
  })

  test('nor one of another origin on this machine; its own page does', async () => {
    const host = `localhost:${server.port}`
    for (const origin of ['http://localhost:3000', 'https://evil.example', 'null'])
      expect((await server.ask('/v1/stream', { ...UPGRADE, host, origin })).status).toBe(403)
    expect((await server.ask('/v1/stream', { ...UPGRADE, host, origin: `http://${host}` })).status).toBe(101)
  })

  test('the token stands in the page, which no other page can read, and in no script, which every page can run', async () => {
    const [page, script] = await Promise.all([server.ask('/docs'), server.ask('/docs/start.js')])
    expect(page.body).toContain(server.token)
    expect(script.status).toBe(200)
    expect(script.body).not.toContain(server.token)
    for (const path of ['/openapi.json', '/asyncapi.json', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css'])
      expect((await server.ask(path)).body).not.toContain(server.token)
  })

  test('its own page fills the token in; a page of elsewhere that runs the same script gets none', async () => {
    const [page, script] = await Promise.all([server.ask('/docs'), server.ask('/docs/start.js')])
    const run = (dataset: object) => {
      const filledIn: unknown[] = []
      const ui = { preauthorizeApiKey: (...args: unknown[]) => filledIn.push(args), fn: {} }
      let ready = () => undefined
      const SwaggerUIBundle = (options: { onComplete: () => undefined }) => {
        ready = options.onComplete
        return ui
      }
      runInNewContext(script.body, { SwaggerUIBundle, document: { getElementById: () => ({ dataset }) } })
      ready()
      return filledIn
    }
    const [, token] = /id="docs" data-token="([^"]+)"/.exec(page.body) ?? []
    expect(run({ token })).toEqual([['token', server.token]])
    expect(run({})).toEqual([])
  })

  test.each([
    '/docs',
    '/docs/start.js',
    '/docs/swagger-ui-bundle.js',
    '/docs/swagger-ui.css',
    '/docs/none',
    '/openapi.json',
    '/asyncapi.json',
  ])('%s is for pages of this server alone, and stands in no frame', async path => {
    const { headers } = await server.ask(path)
    expect(headers).toMatchObject({
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
    })
    if (path === '/docs') expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    if (path === '/docs') expect(headers['cross-origin-opener-policy']).toBe('same-origin')
  })
})

test('names that an operator adds are good too', async () => {
  const server = await startDevelopmentServer({ LIGHTHOUSE_ALLOWED_HOSTS: 'lighthouse.test, [fd00::1]' })
  try {
    for (const host of ['lighthouse.test:1', 'LIGHTHOUSE.test', '[fd00::1]', 'localhost'])
      expect((await server.ask('/livez', { host })).status).toBe(200)
    expect((await server.ask('/livez', { host: 'other.test' })).status).toBe(421)
    const origin = { ...UPGRADE, host: 'localhost', origin: 'https://lighthouse.test' }
    expect((await server.ask('/v1/stream', origin)).status).toBe(101)
  } finally {
    await server.stop()
  }
})
