// UmaDB over gRPC, as it comes: requests are encoded before they are measured, and every client has a connection of its own.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.js'
import { claimStream, eachBatch, eachClaim, eachSingle, type PeerEvent, READ, WATCHED, watchedData } from './events.js'
import { clientLibrary, program } from './packages.js'
import { type ProcessTree, type RunningProgram, startProgram } from './process-tree.js'
import type { AppendWork, Clients, Peer, ReadKind, System, Watch } from './system.js'

const READ_AT_ONCE = 1_000
const LONGEST_MESSAGE = 64 * 1024 * 1024

interface Method {
  readonly path: string
  requestSerialize(request: object): Buffer
  responseDeserialize(bytes: Buffer): unknown
}

interface Sequenced {
  readonly events: readonly { readonly event: { readonly data: Buffer } }[]
}

interface Stream extends AsyncIterable<Sequenced> {
  cancel(): void
  on(event: 'error', listener: () => void): void
}

type Serialize = (request: Buffer) => Buffer

interface GrpcClient {
  makeUnaryRequest(
    path: string,
    serialize: Serialize,
    deserialize: Method['responseDeserialize'],
    request: Buffer,
    done: (error: Error | null, answer?: { readonly position: string }) => void,
  ): void
  makeServerStreamRequest(
    path: string,
    serialize: Serialize,
    deserialize: Method['responseDeserialize'],
    request: Buffer,
  ): Stream
  close(): void
}

interface Grpc {
  readonly Client: new (address: string, credentials: unknown, options: object) => GrpcClient
  readonly credentials: { createInsecure(): unknown }
}

interface Protocol {
  readonly Append: Method
  readonly Read: Method
  readonly Subscribe: Method
}

function protocol(): Protocol {
  const loader = clientLibrary<{ loadSync(path: string, options: object): Record<string, Protocol> }>(
    '@grpc/proto-loader',
  )
  return loader.loadSync(program('umadb.proto'), { keepCase: true, longs: String })['umadb.v1.DCB'] as Protocol
}

const encoded: Serialize = request => request

/** A connection of its own: by default clients of one address share one. */
function clientOf(address: string): GrpcClient {
  const { Client, credentials } = clientLibrary<Grpc>('@grpc/grpc-js')
  return new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': LONGEST_MESSAGE,
  })
}

const QUERIES: Readonly<Record<ReadKind, object>> = {
  all: {},
  stream: { query: { items: [{ tags: [streamTag(READ.stream)] }] } },
  type: { query: { items: [{ types: [READ.type] }] } },
  tag: { query: { items: [{ tags: [READ.tag] }] } },
}

export const UMADB: Peer = {
  name: 'umadb',
  needs: ['umadb', 'umadb.proto', 'node_modules/@grpc/grpc-js'],
  start: async directory => {
    const port = await freePort()
    const command = program('umadb')
    const running = await startProgram({
      command,
      args: ['--listen', `127.0.0.1:${port}`, '--db-path', join(directory, 'uma.db')],
      directory,
      ready: () => listens(port),
    })
    const version = spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout.trim().split(' ').at(-1) ?? ''
    return new UmadbSystem(running, directory, `127.0.0.1:${port}`, version)
  },
}

class UmadbSystem implements System {
  readonly name = 'umadb'
  readonly processes: ProcessTree
  readonly readyMs: number
  readonly known: number[] = []
  private readonly protocol = protocol()

  constructor(
    private readonly running: RunningProgram,
    readonly directory: string,
    private readonly address: string,
    readonly version: string,
  ) {
    this.processes = running.processes
    this.readyMs = running.readyMs
  }

  async appending({ kind, clients }: AppendWork): Promise<Clients> {
    const count = kind === 'shared' ? 1 : clients
    const connections = Array.from({ length: count }, () => clientOf(this.address))
    const to = (client: number) => connections[client % count] as GrpcClient
    const close = async () => {
      for (const connection of connections) connection.close()
    }
    const { requestSerialize } = this.protocol.Append
    if (kind === 'batches') {
      const batch = eachBatch(events => requestSerialize({ events: events.map(eventOf) }))
      return { append: (client, turn) => this.append(to(client), batch(client, turn)), close }
    }
    if (kind !== 'conditional') {
      const single = eachSingle(event => requestSerialize({ events: [eventOf(event)] }))
      return { append: (client, turn) => this.append(to(client), single(client, turn, clients)), close }
    }
    const claim = eachClaim(clients, eventOf)
    const append = async (client: number, turn: number) => {
      const condition = {
        fail_if_events_match: { items: [{ tags: [streamTag(claimStream(client))] }] },
        after: this.known[client] ?? 0,
      }
      const request = requestSerialize({ events: [claim(client, turn)], condition })
      this.known[client] = Number(await this.append(to(client), request))
    }
    return { append, close }
  }

  private append(client: GrpcClient, request: Buffer): Promise<string> {
    const { path, responseDeserialize } = this.protocol.Append
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, encoded, responseDeserialize, request, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer.position)
        else reject(error)
      })
    })
  }

  reading(kind: ReadKind): () => Promise<number> {
    return async () => {
      const client = clientOf(this.address)
      const stream = this.stream(client, this.protocol.Read, { ...QUERIES[kind], batch_size: READ_AT_ONCE })
      let read = 0
      for await (const { events } of stream) {
        for (const { event } of events) JSON.parse(event.data.toString())
        read += events.length
      }
      client.close()
      return read
    }
  }

  private stream(client: GrpcClient, { path, requestSerialize, responseDeserialize }: Method, asked: object): Stream {
    return client.makeServerStreamRequest(path, encoded, responseDeserialize, requestSerialize(asked))
  }

  async watching(seen: (number: number) => void): Promise<Watch> {
    const [writer, reader] = [clientOf(this.address), clientOf(this.address)]
    const query = { items: [{ types: [WATCHED.type] }] }
    const stream = this.stream(reader, this.protocol.Subscribe, { query })
    const follow = async () => {
      for await (const { events } of stream)
        for (const { event } of events) seen((JSON.parse(event.data.toString()) as { readonly number: number }).number)
    }
    // It ends by being cancelled, which it reports as an error.
    const following = follow().catch(() => {})
    const send = (number: number) => {
      const event = { event_type: WATCHED.type, tags: [], data: Buffer.from(JSON.stringify(watchedData(number))) }
      return this.append(writer, this.protocol.Append.requestSerialize({ events: [event] }))
    }
    const close = async () => {
      stream.cancel()
      await following
      for (const client of [writer, reader]) client.close()
    }
    return { send, close }
  }

  stop(): Promise<void> {
    return this.running.stop()
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
  return true
}

/** It has no streams: which one an event is of is a tag. */
function streamTag(stream: string): string {
  return `stream:${stream}`
}

function eventOf({ stream, type, tags, correlationId, data }: PeerEvent): object {
  const metadata = [{ key: 'correlation', value: correlationId }]
  return { event_type: type, tags: [streamTag(stream), ...tags], data: Buffer.from(JSON.stringify(data)), metadata }
}
