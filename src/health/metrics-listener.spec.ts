// The port of the metrics: complete for whoever reaches it, and nothing else is there.
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { configOf } from '../../test/support/config-module.js'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { loadSettings } from '../config/load-settings.js'
import { HealthModule } from './health.module.js'
import { MetricsListener } from './metrics-listener.service.js'

const metrics = await metricsUnderTest()
metrics.eventsAppended.labels({ agent_id: 'ada', event_type: 'Told' }).inc()
const listener = new MetricsListener(metrics, loadSettings({ LIGHTHOUSE_ENV: 'development' }))
let port: number
beforeAll(async () => {
  port = await listener.listen(0)
})
afterAll(() => listener.onApplicationShutdown())

function ask(
  path: string,
  method = 'GET',
  host = 'localhost',
): Promise<{ status: number; type: string; body: string }> {
  return new Promise((resolve, failed) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { host } }, async answer => {
      let body = ''
      for await (const part of answer.setEncoding('utf8')) body += part
      resolve({ status: answer.statusCode as number, type: String(answer.headers['content-type']), body })
    })
    asked.on('error', failed).end()
  })
}

test('a scraper sees everybody by name, without a token', async () => {
  const { status, type, body } = await ask('/metrics')
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(body).toContain('lighthouse_events_appended_total{agent_id="ada",event_type="Told"} 1')
  expect(await ask('/metrics', 'HEAD')).toMatchObject({ status: 200, body: '' })
})

test.each([
  ['/', 'GET'],
  ['/v1/events', 'GET'],
  ['/livez', 'GET'],
  ['/metrics/', 'GET'],
  ['/metrics', 'POST'],
  ['//metrics', 'GET'],
])('%s %s is not there', async (path, method) => {
  const { status, type, body } = await ask(path, method)
  expect([status, type, JSON.parse(body)]).toMatchObject([404, 'application/problem+json', { code: 'NOT_FOUND' }])
})

test('a page that brings its own name sees nothing', async () => {
  const { status, body } = await ask('/metrics', 'GET', 'evil.example')
  expect([status, body]).toEqual([421, expect.not.stringContaining('"ada"')])
})

test('the setting names the port, and one that is taken stops the start', async () => {
  const holder = createServer()
  await new Promise<void>(done => holder.listen(0, '127.0.0.1', done))
  const directory = makeTempDirectory()
  try {
    const taken = String((holder.address() as AddressInfo).port)
    const settings = { LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_DATA_DIR: directory, LIGHTHOUSE_METRICS_PORT: taken }
    const imports = [configOf(loadSettings(settings)), HealthModule]
    class Whole {}
    const app = await NestFactory.create({ module: Whole, imports }, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    })
    await expect(app.init()).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await app.close()
  } finally {
    holder.close()
    removeTempDirectory(directory)
  }
})
