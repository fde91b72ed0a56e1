// Serves complete metrics without a token on a port of its own, for networks where only scrapers can reach that port.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { StoreError } from '../contract/errors.js'
import { METRICS_TYPE, Metrics } from '../metrics/metrics.js'
import { AllowedHosts } from '../wire/allowed-hosts.js'
import { correlationHeader, correlationIdOf } from '../wire/correlation-id.js'
import { problemContentType, problemOf } from '../wire/problem.js'
import { traceIdOf } from '../wire/trace-context.js'

/** A scrape is one small request and only a few scrapers come at a time, so slow requests are cut off early. */
const LIMITS = {
  requestTimeout: 5_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 72_000,
  connectionsCheckingInterval: 1_000,
}
const MOST_CONNECTIONS = 64
const LONGEST_HEADERS_BYTES = 8 * 1024

@Injectable()
export class MetricsListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('http')
  private readonly hosts: AllowedHosts
  private server: Server | undefined

  constructor(
    private readonly metrics: Metrics,
    private readonly settings: Settings,
  ) {
    this.hosts = AllowedHosts.of(settings)
  }

  /** A port in use stops the start, because a server that nobody can measure must not seem to be monitored. */
  async onApplicationBootstrap(): Promise<void> {
    const { metricsPort } = this.settings
    if (metricsPort !== 0) await this.listen(metricsPort)
  }

  /** Resolves with the port, which is a free one for 0. */
  async listen(port: number): Promise<number> {
    const server = createServer({ ...LIMITS, maxHeaderSize: LONGEST_HEADERS_BYTES }, (request, response) => {
      // `answer` turns every error into a response, so there is nothing to wait for.
      void this.answer(request, response)
    })
    server.maxConnections = MOST_CONNECTIONS
    await new Promise<void>((listening, failed) => {
      server.once('error', failed).listen(port, this.settings.host, listening)
    })
    this.server = server
    return (server.address() as AddressInfo).port
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this
    if (server === undefined) return
    const closed = new Promise<void>(done => server.close(() => done()))
    server.closeAllConnections()
    await closed
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.mustBeAScrape(request)
      const text = await this.metrics.text()
      response.writeHead(200, { 'content-type': METRICS_TYPE, 'cache-control': 'no-store' })
      response.end(request.method === 'HEAD' ? undefined : text)
    } catch (error) {
      if (!(error instanceof StoreError)) this.logger.error({ error, message: 'metrics could not be told' })
      refuse(request, response, error)
    }
  }

  private mustBeAScrape(request: IncomingMessage): void {
    const refused = this.hosts.refusalOf(request)
    if (refused !== undefined) throw refused
    const { method, url } = request
    const path = url?.split('?')[0]
    if (path === '/metrics' && (method === 'GET' || method === 'HEAD')) return
    throw new StoreError('NOT_FOUND', 'Only GET /metrics is answered on this port')
  }
}

function refuse({ url = '/', headers }: IncomingMessage, response: ServerResponse, error: unknown): void {
  const correlationId = correlationIdOf(headers[correlationHeader])
  const problem = problemOf(error, { path: url, correlationId, traceId: traceIdOf(headers['traceparent']) })
  // The connection is closed, because a body that was sent has not been read.
  response.writeHead(problem.status, {
    'content-type': problemContentType,
    [correlationHeader]: correlationId,
    connection: 'close',
  })
  response.end(JSON.stringify(problem))
}
