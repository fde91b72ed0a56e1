// The assembled server over real HTTP: probes, problems, correlation ids, and what is logged of each request.
import { once } from 'node:events'
import { connect } from 'node:net'
import { Controller, Get, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { makeTempDirectory, removeTempDirectory } from '../test/support/temp-directory.js'
import { serverOf } from './app.module.js'
import { Public } from './auth/scope.decorator.js'
import { loadSettings } from './config/load-settings.js'
import { createLogger } from './logging/logger.js'
import { configureHttpServer, createHttpAdapter, httpLimits } from './server/http-server.js'

@Controller('broken')
@Public()
class Broken {
  @Get()
  fail(): never {
    throw new Error('secret reason')
  }
}

@Module({ controllers: [Broken] })
class BrokenModule {}

let app: NestFastifyApplication
let directory: string
let url: string
const lines: string[] = []

beforeAll(async () => {
  directory = await makeTempDirectory()
  const logger = createLogger('debug', { write: line => lines.push(line) })
  const secret = { LIGHTHOUSE_JWT_SECRET: 'a secret that only this test knows of' }
  const settings = loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_DATA_DIR: directory, ...secret })
  const server = serverOf(settings, logger)
  const withBroken = { ...server, imports: [...(server.imports ?? []), BrokenModule] }
  app = await NestFactory.create<NestFastifyApplication>(withBroken, createHttpAdapter(), {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  })
  configureHttpServer(app, logger)
  await app.listen(0, '127.0.0.1')
  url = await app.getUrl()
})
afterAll(async () => {
  await app.close()
  await removeTempDirectory(directory)
})

test('livez is ok and is not kept by caches', async () => {
  const answer = await fetch(`${url}/livez`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await answer.json()).toMatchObject({ status: 'ok', timestamp: expect.any(String) })
})

test('readyz reports each component', async () => {
  const answer = await fetch(`${url}/readyz`)
  expect(answer.status).toBe(200)
  const component = {
    component: expect.any(String),
    status: 'up',
    lastCheck: expect.any(String),
    details: expect.any(Object),
  }
  expect(await answer.json()).toMatchObject({
    status: 'ok',
    timestamp: expect.any(String),
    checks: expect.arrayContaining([component]),
  })
})

test('an unknown path is a problem that does not repeat its query', async () => {
  const answer = await fetch(`${url}/nope?token=secret`)
  expect(answer.status).toBe(404)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  const text = await answer.text()
  expect(JSON.parse(text)).toMatchObject({
    status: 404,
    instance: '/nope',
    correlationId: answer.headers.get('x-correlation-id'),
  })
  expect(text).not.toContain('secret')
})

test('a defect is a 500 without its reason, which the log has under the same id', async () => {
  const answer = await fetch(`${url}/broken`, { headers: { 'x-correlation-id': 'seek-me' } })
  expect(answer.status).toBe(500)
  expect(await answer.text()).not.toMatch(/secret|\.ts|\.js/)
  const failure = lines
    .map(line => JSON.parse(line))
    .find(line => line.correlation_id === 'seek-me' && line.level === 'error')
  expect(failure).toMatchObject({ component: 'http', error: { message: 'secret reason' } })
})

test.each([
  ['/%zz', {}, 400],
  ['/livez', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }, 405],
  ['/livez', { method: 'POST' }, 405],
  ['/nope', { method: 'POST' }, 404],
])('%s %j is a problem with status %d', async (path, options, status) => {
  const answer = await fetch(url + path, options)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  expect(await answer.json()).toMatchObject({ status, correlationId: answer.headers.get('x-correlation-id') })
})

test.each([
  ['/nope', 404],
  ['/livez', 405],
])('the body of a request that no route takes is not read: %s', async (path, status) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n`
  socket.write(head)
  const [answer] = await once(socket, 'data')
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  socket.destroy()
})

test('the root has links for programs, and leads browsers to the docs', async () => {
  const links = await fetch(url)
  expect(await links.json()).toEqual({
    name: 'Lighthouse',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    docs: '/docs',
    openapi: '/openapi.json',
    asyncapi: '/asyncapi.json',
    health: '/health',
    problems: '/problems',
  })
  const page = await fetch(url, { headers: { accept: 'text/html,*/*' }, redirect: 'manual' })
  expect([page.status, page.headers.get('location'), page.headers.get('vary')]).toEqual([302, '/docs', 'Accept'])
})

test('what is not HTTP gets a problem too, and the connection ends', async () => {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8')
  let answer = ''
  socket.on('data', text => {
    answer += text
  })
  socket.write('NONSENSE\r\n\r\n')
  await once(socket, 'close')
  expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\nContent-Type: application\/problem\+json/)
  expect(answer).toMatch(/X-Correlation-Id: [0-9a-f-]{36}/)
})

test("a caller's correlation id comes back and is in the request's line", async () => {
  const answer = await fetch(`${url}/livez`, { headers: { 'x-correlation-id': 'mine' } })
  expect(answer.headers.get('x-correlation-id')).toBe('mine')
  await answer.text()
  const line = lines.map(text => JSON.parse(text)).find(({ correlation_id }) => correlation_id === 'mine')
  expect(line).toMatchObject({ operation_type: 'GET /livez', status: 200, duration_ms: expect.any(Number) })
})

test('the server waits for nothing for ever', () => {
  const { requestTimeout, timeout, keepAliveTimeout, maxConnections } = app.getHttpServer()
  expect({ requestTimeout, timeout, keepAliveTimeout, maxConnections }).toEqual({
    requestTimeout: httpLimits.requestTimeoutMs,
    timeout: httpLimits.connectionTimeoutMs,
    keepAliveTimeout: httpLimits.keepAliveTimeoutMs,
    maxConnections: httpLimits.maxConnections,
  })
})
