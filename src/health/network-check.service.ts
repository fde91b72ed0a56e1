// Measures how reachable the server is: the share of connections in use, and how long work waits for the event loop.
import type { Server } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'

const SLOW_LOOP_MS = 200
const SAMPLE_MS = 20
/** A figure covers one window and holds until the next one ends, so that frequent probes do not change it. */
const WINDOW_MS = 10_000
const MOST_CONNECTIONS_SHARE = 0.9

@Injectable()
export class NetworkCheck implements OnApplicationShutdown {
  private readonly delay = monitorEventLoopDelay({ resolution: SAMPLE_MS })
  private readonly timer: NodeJS.Timeout
  private waitMs = 0

  constructor(private readonly host: HttpAdapterHost) {
    this.delay.enable()
    this.timer = setInterval(() => this.endWindow(), WINDOW_MS).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
    this.delay.disable()
  }

  async look() {
    const server: Server = this.host.httpAdapter.getHttpServer()
    const connections = await promisify(server.getConnections.bind(server))()
    const { maxConnections, listening } = server
    const crowded = connections > maxConnections * MOST_CONNECTIONS_SHARE
    const details = { listening, connections, maxConnections, waitMs: this.waitMs }
    return { state: crowded || this.waitMs > SLOW_LOOP_MS ? ('degraded' as const) : ('up' as const), details }
  }

  private endWindow(): void {
    // The histogram records the time between two samples, of which the interval itself is no delay.
    const p99 = Math.max(0, this.delay.percentile(99) / 1e6 - SAMPLE_MS)
    this.waitMs = Math.round(p99 * 10) / 10
    this.delay.reset()
  }
}
