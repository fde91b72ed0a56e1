// PostgreSQL with a table of events in which a stream has each revision once; every setting of durability as it comes.
import { spawnSync } from 'node:child_process'
import { chownSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.js'
import { eachBatch, eachClaim, eachSingle, type PeerEvent, READ, WATCHED, watchedData } from './events.js'
import { clientLibrary, program } from './packages.js'
import { type ProcessTree, type RunningProgram, startProgram } from './process-tree.js'
import type { AppendWork, Clients, Peer, ReadKind, System, Watch } from './system.js'

const CONNECTIONS = 300
const PAGE = 1_000

const TABLE = `
  create table events (
    position bigint generated always as identity primary key,
    stream text not null,
    revision bigint not null,
    type text not null,
    tags text[] not null,
    correlation text not null,
    data jsonb not null,
    at timestamptz not null default now(),
    unique (stream, revision)
  );
  create index on events (type, position);`

const COLUMNS = 'insert into events (stream, revision, type, tags, correlation, data)'
const NEXT = '(select coalesce(max(revision), -1) + 1 from events where stream = $1)'
const SINGLE = `${COLUMNS} values ($1, ${NEXT}, $2, $3, $4, $5) returning position`
const CLAIM = `${COLUMNS} values ($1, $6, $2, $3, $4, $5) returning position`
const BATCH = `${COLUMNS}
  select $1, ${NEXT} + n - 1, e->>'type', array(select jsonb_array_elements_text(e->'tags')), e->>'correlationId', e->'data'
  from jsonb_array_elements($2::jsonb) with ordinality as given (e, n) order by n returning position`
const WATCHED_INSERT = `with stored as (${SINGLE}) select pg_notify('stored', position::text) from stored`
const SINCE = 'select position, data from events where stream = $1 and revision > $2 order by revision'

const READS: Readonly<Partial<Record<ReadKind, readonly [where: string, ...values: string[]]>>> = {
  all: ['true'],
  stream: ['stream = $3', READ.stream],
  type: ['type = $3', READ.type],
}

interface Statement {
  readonly name: string
  readonly text: string
}

interface PgClient {
  connect(): Promise<void>
  query(query: string | (Statement & { readonly values: readonly unknown[] })): Promise<{ rows: PgRow[] }>
  on(event: 'notification', listener: () => void): void
  end(): Promise<void>
}

interface PgRow {
  readonly position: string
  readonly data: { readonly number: number }
  readonly revision: string
}

export interface PostgresServer {
  readonly running: RunningProgram
  readonly directory: string
  readonly url: string
  readonly version: string
}

/** PostgreSQL refuses to be root's. */
function ownUid(): number | undefined {
  if (process.getuid?.() !== 0) return undefined
  const uid = /^postgres:[^:]*:(\d+)/m.exec(readFileSync('/etc/passwd', 'latin1'))?.[1]
  return Number(uid ?? 65_534)
}

export async function startPostgres(directory: string): Promise<PostgresServer> {
  const [uid, port] = [ownUid(), await freePort()]
  const as = uid === undefined ? {} : { uid, gid: uid }
  if (uid !== undefined) chownSync(directory, uid, uid)
  const data = join(directory, 'data')
  const postgres = program('postgres')
  const args = ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C']
  const made = spawnSync(program('initdb'), args, { ...as, cwd: directory, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const url = `postgresql://bench@127.0.0.1:${port}/postgres`
  const settings = [`max_connections=${CONNECTIONS}`, 'unix_socket_directories=', `port=${port}`]
  const running = await startProgram({
    command: postgres,
    args: ['-D', data, ...settings.flatMap(setting => ['-c', setting])],
    directory,
    ...(uid === undefined ? {} : { uid }),
    // Without waiting for clients that are still connected.
    signal: 'SIGINT',
    ready: () => connected(url).then(client => client.end().then(() => true)),
  })
  const version = spawnSync(postgres, ['--version'], { encoding: 'utf8' }).stdout.trim().split(' ')[2] ?? ''
  return { running, directory: data, url, version }
}

async function connected(url: string): Promise<PgClient> {
  const { Client } = clientLibrary<{ Client: new (options: object) => PgClient & NodeJS.EventEmitter }>('pg')
  const client = new Client({ connectionString: url })
  // A server that is told to stop closes what is still connected.
  client.on('error', () => {})
  await client.connect()
  return client
}

export const POSTGRESQL: Peer = {
  name: 'postgresql',
  needs: ['postgres', 'initdb', 'node_modules/pg'],
  start: async directory => {
    const server = await startPostgres(directory)
    const client = await connected(server.url)
    await client.query(TABLE)
    await client.end()
    return new PostgresSystem(server)
  },
}

class PostgresSystem implements System {
  readonly name = 'postgresql'
  readonly version: string
  readonly processes: ProcessTree
  readonly readyMs: number
  readonly directory: string
  readonly known: number[] = []

  constructor(private readonly server: PostgresServer) {
    this.version = server.version
    this.processes = server.running.processes
    this.readyMs = server.running.readyMs
    this.directory = server.directory
  }

  /** It answers one thing at a time on a connection, so every client has one, also of those that append at once. */
  async appending({ kind, clients }: AppendWork): Promise<Clients> {
    const connections: PgClient[] = []
    for (let n = 0; n < clients; n++) connections.push(await connected(this.server.url))
    const to = (client: number) => connections[client] as PgClient
    const close = async () => {
      await Promise.all(connections.map(connection => connection.end()))
    }
    if (kind === 'batches') {
      const batch = eachBatch(events => [events[0]?.stream, JSON.stringify(events)])
      const append = (client: number, turn: number) =>
        to(client).query({ name: 'batch', text: BATCH, values: batch(client, turn) })
      return { append, close }
    }
    if (kind !== 'conditional') {
      const single = eachSingle(values)
      const append = (client: number, turn: number) =>
        to(client).query({ name: 'single', text: SINGLE, values: single(client, turn, clients) })
      return { append, close }
    }
    const claim = eachClaim(clients, values)
    const append = async (client: number, turn: number) => {
      const next = this.known[client] ?? 0
      await to(client).query({ name: 'claim', text: CLAIM, values: [...claim(client, turn), next] })
      this.known[client] = next + 1
    }
    return { append, close }
  }

  reading(kind: ReadKind): (() => Promise<number>) | undefined {
    const asked = READS[kind]
    if (asked === undefined) return undefined
    const [where, ...given] = asked
    const text = `select * from events where position > $1 and ${where} order by position limit $2`
    return async () => {
      const client = await connected(this.server.url)
      let [after, events] = ['0', 0]
      for (;;) {
        const { rows } = await client.query({ name: kind, text, values: [after, PAGE, ...given] })
        events += rows.length
        after = rows.at(-1)?.position ?? after
        if (rows.length < PAGE) break
      }
      await client.end()
      return events
    }
  }

  /** Whoever is notified asks for what is new. One writer, so that no revision becomes visible after a higher one. */
  async watching(seen: (number: number) => void): Promise<Watch> {
    const [writer, reader] = [await connected(this.server.url), await connected(this.server.url)]
    let [last, waiting] = [-1, false]
    let asked: Promise<unknown> = Promise.resolve()
    const ask = async () => {
      waiting = false
      const { rows } = await reader.query({ name: 'since', text: SINCE, values: [WATCHED.stream, last] })
      for (const { data } of rows) seen(data.number)
      last += rows.length
    }
    // Notified while it asks, it asks once more, however often that was.
    reader.on('notification', () => {
      if (waiting) return
      waiting = true
      asked = asked.then(ask)
    })
    await reader.query('listen stored')
    const { stream, type } = WATCHED
    let sent: Promise<unknown> = Promise.resolve()
    const send = (number: number) => {
      const written = [stream, type, [], '', JSON.stringify(watchedData(number))]
      sent = sent.then(() => writer.query({ name: 'watched', text: WATCHED_INSERT, values: written }))
      return sent
    }
    const close = async () => {
      await writer.end()
      await asked
      await reader.end()
    }
    return { send, close }
  }

  stop(): Promise<void> {
    return this.server.running.stop()
  }
}

function values({ stream, type, tags, correlationId, data }: PeerEvent): unknown[] {
  return [stream, type, tags, correlationId, JSON.stringify(data)]
}
