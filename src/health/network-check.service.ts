// Finds out how reachable the server is: whether it listens, how many are connected, how long they wait, and who it needs.
import type { Server } from 'node:http'
import { promisify } from 'node:util'
import { Injectable } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import { Monitors } from '../monitors/monitors.service.js'
import { type ComponentFinding, networkFinding } from './component-findings.js'

@Injectable()
export class NetworkCheck {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly monitors: Monitors,
  ) {}

  async look(): Promise<ComponentFinding> {
    const server: Server = this.host.httpAdapter.getHttpServer()
    const here = await promisify(server.getConnections.bind(server))()
    const { threads, connections: there } = this.monitors.fronts.serving
    const connections = here + there
    const maxConnections = server.maxConnections * Math.max(1, threads)
    const listening = server.listening || threads > 0
    const { waitMs } = this.monitors.loop
    const [dependency = 'ok'] = this.monitors.levelsOf('dependency')
    return networkFinding({ listening, connections, maxConnections, waitMs, dependency })
  }
}
