// Tells who leads and what this node is cut off from, as far as one node can see it; every figure is measured.
import type { Server } from 'node:http'
import { promisify } from 'node:util'
import { Injectable } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import { EventStore, type WriteState } from '../../contract/event-store.js'
import { Monitors } from '../../monitors/monitors.service.js'
import { StorageWatch } from '../../storage/storage-watch.service.js'
import type { AdminStatusAnswerDto } from './admin-status.dto.js'

/** The store has one owner at a time, and what the owner has stored is stored. */
const NODES = 1

@Injectable()
export class AdminStatus {
  constructor(
    private readonly store: EventStore,
    private readonly watch: StorageWatch,
    private readonly monitors: Monitors,
    private readonly host: HttpAdapterHost,
  ) {}

  async answer(): Promise<AdminStatusAnswerDto> {
    const { store, watch } = this
    const server: Server = this.host.httpAdapter.getHttpServer()
    const { id, since, ancestors, epoch, epochSince } = store.lineage()
    const { head, write } = store.status()
    // The lock is not looked at while the storage does not answer, because that could stop this process too.
    const role = watch.readable ? (store.owned() ? 'leader' : 'fenced') : 'unknown'
    const [dependency = 'ok'] = this.monitors.levelsOf('dependency')
    const cutOff = { storage: !watch.readable, dependency: dependency === 'critical', clients: !server.listening }
    return {
      lineage: { id, since, ancestors },
      epoch,
      role,
      since: epochSince,
      writable: write.writable && role === 'leader',
      ...reasonOf(role, write),
      head,
      quorum: { nodes: NODES, needed: NODES, present: role === 'leader' ? NODES : 0 },
      partition: {
        from: Object.entries(cutOff).flatMap(([what, is]) => (is ? [what] : [])),
        listening: server.listening,
        connections: await promisify(server.getConnections.bind(server))(),
      },
    }
  }
}

/** The writer learns that it was replaced with its next write; the lock tells before. */
function reasonOf(role: string, write: WriteState): { readonly reason?: string } {
  if (role === 'fenced') return { reason: 'lost_ownership' }
  return write.writable ? {} : { reason: write.reason }
}
