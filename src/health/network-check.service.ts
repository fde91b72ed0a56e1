// How the server is reached: the connections it holds of those it may, and how long what arrives waits for its turn.
import type { Server } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'

const SLOW_LOOP_MS = 200
const SAMPLE_MS = 20
/** Of each window the figure stands until the next one is over: who asks, and how often, changes nothing. */
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
    // What is measured is the time between two samples.
    const p99 = Math.max(0, this.delay.percentile(99) / 1e6 - SAMPLE_MS)
    this.waitMs = Math.round(p99 * 10) / 10
    this.delay.reset()
  }
}
