// Redis Streams: one stream of all events, in memory, its log of commands synced before each answer.
import { spawnSync } from 'node:child_process'
import { freePort } from '../../test/support/free-port.js'
import { eachBatch, eachClaim, eachSingle, type PeerEvent, WATCHED, watchedData } from './events.js'
import { clientLibrary, program } from './packages.js'
import { type ProcessTree, type RunningProgram, startProgram } from './process-tree.js'
import type { AppendWork, Clients, Peer, ReadKind, System, Watch } from './system.js'

const PAGE = '1000'
const STREAM = 'events'
const REVISIONS = 'revisions'

/** Redis knows no revisions: a script, which nothing interrupts, keeps one for each stream. */
const CLAIM = `
  if tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or 0) ~= tonumber(ARGV[1]) then
    return redis.error_reply('CONFLICT another revision')
  end
  redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
  return redis.call('XADD', KEYS[1], '*', 'stream', ARGV[2], unpack(ARGV, 3))`

interface RedisClient {
  connect(): Promise<unknown>
  sendCommand<T>(args: readonly string[]): Promise<T>
  multi(): { addCommand(args: readonly string[]): unknown; exec(): Promise<unknown> }
  on(event: 'error', listener: () => void): void
  close(): Promise<void>
  destroy(): void
}

type Entry = readonly [id: string, fields: readonly string[]]

async function connected(port: number): Promise<RedisClient> {
  const { createClient } = clientLibrary<{ createClient(options: object): RedisClient }>('@redis/client')
  const client = createClient({ RESP: 2, socket: { host: '127.0.0.1', port, reconnectStrategy: false } })
  client.on('error', () => {})
  await client.connect()
  return client
}

export const REDIS: Peer = {
  name: 'redis',
  needs: ['redis-server', 'node_modules/@redis/client'],
  start: async directory => {
    const port = await freePort()
    const command = program('redis-server')
    // A log that is rewritten behind the back of a round would be no part of its work.
    const durable = [
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--save',
      '',
      '--auto-aof-rewrite-percentage',
      '0',
    ]
    const running = await startProgram({
      command,
      args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, ...durable],
      directory,
      ready: () => connected(port).then(client => client.close().then(() => true)),
    })
    const version = /v=(\S+)/.exec(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? ''
    return new RedisSystem(running, directory, port, version)
  },
}

class RedisSystem implements System {
  readonly name = 'redis'
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
    const connections: RedisClient[] = []
    // It answers in the order in which it was asked, so that many at once are written one behind the other.
    for (let n = 0; n < (kind === 'shared' ? 1 : clients); n++) connections.push(await connected(this.port))
    const to = (client: number) => connections[client % connections.length] as RedisClient
    const close = async () => {
      await Promise.all(connections.map(connection => connection.close()))
    }
    if (kind === 'batches') {
      const batch = eachBatch(events => events.map(added))
      const append = (client: number, turn: number) => {
        const transaction = to(client).multi()
        for (const command of batch(client, turn)) transaction.addCommand(command)
        return transaction.exec()
      }
      return { append, close }
    }
    if (kind !== 'conditional') {
      const single = eachSingle(added)
      return { append: (client, turn) => to(client).sendCommand(single(client, turn, clients)), close }
    }
    const script = await to(0).sendCommand<string>(['SCRIPT', 'LOAD', CLAIM])
    const claim = eachClaim(clients, event => [event.stream, ...fields(event).slice(2)])
    const append = async (client: number, turn: number) => {
      const next = this.known[client] ?? 0
      await to(client).sendCommand(['EVALSHA', script, '2', STREAM, REVISIONS, String(next), ...claim(client, turn)])
      this.known[client] = next + 1
    }
    return { append, close }
  }

  /** It has no index of what is in an event. */
  reading(kind: ReadKind): (() => Promise<number>) | undefined {
    if (kind !== 'all') return undefined
    return async () => {
      const client = await connected(this.port)
      let [after, events] = ['-', 0]
      for (;;) {
        const entries = await client.sendCommand<readonly Entry[]>(['XRANGE', STREAM, after, '+', 'COUNT', PAGE])
        for (const [, given] of entries) JSON.parse(given.at(-1) as string)
        events += entries.length
        if (entries.length < Number(PAGE)) break
        after = `(${entries.at(-1)?.[0]}`
      }
      await client.close()
      return events
    }
  }

  async watching(seen: (number: number) => void): Promise<Watch> {
    const [writer, reader] = [await connected(this.port), await connected(this.port)]
    let closed = false
    const follow = async () => {
      for (let last = '0'; !closed; ) {
        const asked = ['XREAD', 'COUNT', PAGE, 'BLOCK', '0', 'STREAMS', WATCHED.stream, last]
        const answer = await reader.sendCommand<readonly [stream: string, entries: readonly Entry[]][]>(asked)
        for (const [id, given] of answer[0]?.[1] ?? []) {
          seen((JSON.parse(given.at(-1) as string) as { readonly number: number }).number)
          last = id
        }
      }
    }
    // It ends with its connection.
    const following = follow().catch(() => {})
    const send = (number: number) => {
      const data = JSON.stringify(watchedData(number))
      return writer.sendCommand(['XADD', WATCHED.stream, '*', 'type', WATCHED.type, 'data', data])
    }
    const close = async () => {
      closed = true
      reader.destroy()
      await Promise.all([writer.close(), following])
    }
    return { send, close }
  }

  stop(): Promise<void> {
    return this.running.stop()
  }
}

function fields({ stream, type, tags, correlationId, data }: PeerEvent): string[] {
  const tagged = tags.length === 0 ? [] : ['tags', tags.join(' ')]
  return ['stream', stream, 'type', type, ...tagged, 'correlation', correlationId, 'data', JSON.stringify(data)]
}

function added(event: PeerEvent): string[] {
  return ['XADD', STREAM, '*', ...fields(event)]
}
