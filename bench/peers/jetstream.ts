// NATS JetStream: one stream on one server, a subject for each stream and type, every message synced before its answer.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.js'
import { eachBatch, eachClaim, eachSingle, type PeerEvent, READ, WATCHED, watchedData } from './events.js'
import { clientLibrary, program } from './packages.js'
import { type ProcessTree, type RunningProgram, startProgram } from './process-tree.js'
import type { AppendWork, Clients, Peer, ReadKind, System, Watch } from './system.js'

const STREAM = 'EVENTS'
const CLAIMS = 'claims'
const READ_AT_ONCE = 1_000
const PATIENCE_MS = 5_000

interface Headers {
  append(name: string, value: string): void
}

interface PublishOptions {
  readonly headers?: Headers
  readonly expect?: { readonly lastSubjectSequence: number }
}

interface Batch {
  add(subject: string, payload: Uint8Array, options: PublishOptions): void
  commit(subject: string, payload: Uint8Array, options: PublishOptions): Promise<unknown>
}

interface Message {
  readonly info: { readonly pending: number }
  json<T>(): T
}

interface Consumer {
  fetch(options: { max_messages: number; expires: number }): Promise<AsyncIterable<Message>>
  consume(options: { max_messages: number }): Promise<AsyncIterable<Message> & { close(): Promise<unknown> }>
}

interface JetStream {
  publish(subject: string, payload: Uint8Array, options?: PublishOptions): Promise<{ readonly seq: number }>
  startBatch(subject: string, payload: Uint8Array, options: PublishOptions): Promise<Batch>
  readonly consumers: { get(stream: string, consumer: object | string): Promise<Consumer> }
}

interface Connection {
  close(): Promise<void>
}

const transport = () =>
  clientLibrary<{ connect(options: object): Promise<Connection>; headers(): Headers }>('@nats-io/transport-node')
const library = () =>
  clientLibrary<{
    jetstream(connection: Connection): JetStream
    jetstreamManager(connection: Connection): Promise<{
      readonly streams: { add(config: object): Promise<unknown> }
      readonly consumers: { add(stream: string, config: object): Promise<{ readonly name: string }> }
    }>
  }>('@nats-io/jetstream')

const READS: Readonly<Partial<Record<ReadKind, object>>> = {
  all: {},
  stream: { filter_subject: `events.${READ.stream}.*` },
  type: { filter_subject: `events.*.${token(READ.type)}` },
}

function connected(port: number): Promise<Connection> {
  return transport().connect({ servers: `127.0.0.1:${port}`, reconnect: false })
}

export const JETSTREAM: Peer = {
  name: 'jetstream',
  needs: ['nats-server', 'node_modules/@nats-io/jetstream'],
  start: async directory => {
    const port = await freePort()
    const command = program('nats-server')
    const configured = join(directory, 'nats.conf')
    const store = `{ store_dir: ${JSON.stringify(join(directory, 'data'))}, sync_interval: always }`
    writeFileSync(configured, `listen: "127.0.0.1:${port}"\njetstream: ${store}\n`)
    const running = await startProgram({
      command,
      args: ['-c', configured],
      directory,
      ready: () => connected(port).then(connection => connection.close().then(() => true)),
    })
    const connection = await connected(port)
    const manager = await library().jetstreamManager(connection)
    const subjects = ['events.>', `${CLAIMS}.*`, WATCHED.stream]
    await manager.streams.add({ name: STREAM, subjects, storage: 'file', allow_atomic: true })
    await connection.close()
    const version = spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout.trim().split(' v')[1] ?? ''
    return new JetStreamSystem(running, directory, port, version)
  },
}

class JetStreamSystem implements System {
  readonly name = 'jetstream'
  readonly processes: ProcessTree
  readonly readyMs: number
  readonly known: number[] = []

  constructor(
    private readonly running: RunningProgram,
    readonly directory: string,
    private readonly port: number,
    readonly version: string,
  ) {
    this.processes = running.processes
    this.readyMs = running.readyMs
  }

  async appending({ kind, clients }: AppendWork): Promise<Clients> {
    const connections: Connection[] = []
    for (let n = 0; n < (kind === 'shared' ? 1 : clients); n++) connections.push(await connected(this.port))
    const streams = connections.map(connection => library().jetstream(connection))
    const to = (client: number) => streams[client % streams.length] as JetStream
    const close = async () => {
      await Promise.all(connections.map(connection => connection.close()))
    }
    if (kind === 'batches') {
      const batch = eachBatch(events => events.map(messageOf))
      return { append: (client, turn) => stored(to(client), batch(client, turn)), close }
    }
    if (kind !== 'conditional') {
      const single = eachSingle(messageOf)
      const append = (client: number, turn: number) => {
        const { subject, payload, options } = single(client, turn, clients)
        return to(client).publish(subject, payload, options)
      }
      return { append, close }
    }
    const claim = eachClaim(clients, event => ({ ...messageOf(event), subject: `${CLAIMS}.${event.stream}` }))
    const append = async (client: number, turn: number) => {
      const { subject, payload, options } = claim(client, turn)
      const expect = { lastSubjectSequence: this.known[client] ?? 0 }
      this.known[client] = (await to(client).publish(subject, payload, { ...options, expect })).seq
    }
    return { append, close }
  }

  /** It knows subjects, and no tags. */
  reading(kind: ReadKind): (() => Promise<number>) | undefined {
    const asked = READS[kind]
    if (asked === undefined) return undefined
    return async () => {
      const connection = await connected(this.port)
      const manager = await library().jetstreamManager(connection)
      const { name } = await manager.consumers.add(STREAM, { ...asked, ack_policy: 'none', deliver_policy: 'all' })
      const consumer = await library().jetstream(connection).consumers.get(STREAM, name)
      let events = 0
      for (let pending = 1; pending > 0; ) {
        for await (const message of await consumer.fetch({ max_messages: READ_AT_ONCE, expires: PATIENCE_MS })) {
          message.json()
          events++
          pending = message.info.pending
          if (pending === 0) break
        }
      }
      await connection.close()
      return events
    }
  }

  async watching(seen: (number: number) => void): Promise<Watch> {
    const [writer, reader] = [await connected(this.port), await connected(this.port)]
    const consumer = await library().jetstream(reader).consumers.get(STREAM, { filter_subjects: WATCHED.stream })
    const messages = await consumer.consume({ max_messages: READ_AT_ONCE })
    const follow = async () => {
      for await (const message of messages) seen(message.json<{ readonly number: number }>().number)
    }
    const following = follow()
    const stream = library().jetstream(writer)
    const send = (number: number) => stream.publish(WATCHED.stream, Buffer.from(JSON.stringify(watchedData(number))))
    const close = async () => {
      await messages.close()
      await following
      await Promise.all([writer.close(), reader.close()])
    }
    return { send, close }
  }

  stop(): Promise<void> {
    return this.running.stop()
  }
}

/** A dot parts the words of a subject. */
function token(name: string): string {
  return name.replaceAll('.', '_')
}

function messageOf({ stream, type, tags, correlationId, data }: PeerEvent) {
  const headers = transport().headers()
  headers.append('type', type)
  headers.append('correlation', correlationId)
  for (const tag of tags) headers.append('tag', tag)
  return {
    subject: `events.${stream}.${token(type)}`,
    payload: Buffer.from(JSON.stringify(data)),
    options: { headers },
  }
}

/** All or none: an atomic batch, of which the last message is the one that is acknowledged. */
async function stored(stream: JetStream, messages: readonly ReturnType<typeof messageOf>[]): Promise<void> {
  const [first, last] = [messages[0], messages.at(-1)]
  if (first === undefined || last === undefined) return
  const batch = await stream.startBatch(first.subject, first.payload, first.options)
  for (const { subject, payload, options } of messages.slice(1, -1)) batch.add(subject, payload, options)
  await batch.commit(last.subject, last.payload, last.options)
}
