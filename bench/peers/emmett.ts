// Emmett on PostgreSQL: an event store that is a library, on a server of its own.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eachBatch, eachClaim, eachSingle, type PeerEvent, READ } from './events.js'
import { clientLibrary, program } from './packages.js'
import { type PostgresServer, startPostgres } from './postgresql.js'
import type { ProcessTree } from './process-tree.js'
import type { AppendWork, Clients, Peer, ReadKind, System } from './system.js'

const PACKAGE = '@event-driven-io/emmett-postgresql'

interface EmmettEvent {
  readonly type: string
  readonly data: object
  readonly metadata: object
}

interface EventStore {
  readonly schema: { migrate(): Promise<unknown> }
  appendToStream(
    stream: string,
    events: readonly EmmettEvent[],
    options?: { expectedStreamVersion: bigint },
  ): Promise<unknown>
  readStream(stream: string): Promise<{ readonly events: readonly unknown[] }>
  close(): Promise<void>
}

interface Pool {
  end(): Promise<void>
}

export const EMMETT: Peer = {
  name: 'emmett',
  needs: ['postgres', 'initdb', `node_modules/${PACKAGE}`],
  start: async directory => {
    const server = await startPostgres(directory)
    const { store, close } = storeOf(server, 1)
    await store.schema.migrate()
    await close()
    const { version } = JSON.parse(readFileSync(program(join('node_modules', PACKAGE, 'package.json')), 'utf8'))
    return new EmmettSystem(server, version as string)
  },
}

class EmmettSystem implements System {
  readonly name = 'emmett'
  readonly processes: ProcessTree
  readonly readyMs: number
  readonly directory: string
  readonly known: number[] = []

  constructor(
    private readonly server: PostgresServer,
    readonly version: string,
  ) {
    this.processes = server.running.processes
    this.readyMs = server.running.readyMs
    this.directory = server.directory
  }

  /** One store, as an application has it, with as many connections as it has clients. */
  async appending({ kind, clients }: AppendWork): Promise<Clients> {
    const { store, close } = storeOf(this.server, clients)
    if (kind === 'batches') {
      const batch = eachBatch(events => ({ stream: events[0]?.stream as string, events: events.map(eventOf) }))
      const append = (client: number, turn: number) => {
        const { stream, events } = batch(client, turn)
        return store.appendToStream(stream, events)
      }
      return { append, close }
    }
    if (kind !== 'conditional') {
      const single = eachSingle(event => ({ stream: event.stream, events: [eventOf(event)] }))
      const append = (client: number, turn: number) => {
        const { stream, events } = single(client, turn, clients)
        return store.appendToStream(stream, events)
      }
      return { append, close }
    }
    const claim = eachClaim(clients, event => ({ stream: event.stream, events: [eventOf(event)] }))
    const append = async (client: number, turn: number) => {
      const { stream, events } = claim(client, turn)
      const version = this.known[client] ?? 0
      await store.appendToStream(stream, events, { expectedStreamVersion: BigInt(version) })
      this.known[client] = version + 1
    }
    return { append, close }
  }

  /** What it offers to an application is a stream. */
  reading(kind: ReadKind): (() => Promise<number>) | undefined {
    if (kind !== 'stream') return undefined
    return async () => {
      const { store, close } = storeOf(this.server, 1)
      const { events } = await store.readStream(READ.stream)
      await close()
      return events.length
    }
  }

  /** Its consumers ask again and again. */
  watching(): undefined {
    return undefined
  }

  stop(): Promise<void> {
    return this.server.running.stop()
  }
}

function storeOf({ url }: PostgresServer, connections: number): { store: EventStore; close(): Promise<void> } {
  const { Pool } = clientLibrary<{ Pool: new (options: object) => Pool & NodeJS.EventEmitter }>('pg')
  const { getPostgreSQLEventStore } = clientLibrary<{
    getPostgreSQLEventStore(url: string, options: object): EventStore
  }>(PACKAGE)
  const pool = new Pool({ connectionString: url, max: connections })
  pool.on('error', () => {})
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool }, schema: { autoMigration: 'None' } })
  const close = async () => {
    await store.close()
    await pool.end()
  }
  return { store, close }
}

function eventOf({ type, data, tags, correlationId }: PeerEvent): EmmettEvent {
  return { type, data, metadata: { tags, correlationId } }
}
