// A server whose store takes no appends: every answer says so, and the probes say what that means for whom.
import { once } from 'node:events'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

const LIMIT_MS = 120_000

const EVENT = { type: 'Told', stream: 'mode', data: { text: 'the bytes that will be damaged' } }
const directories: string[] = []
const servers: RunningServer[] = []

async function started(directory: string, env: Record<string, string> = {}): Promise<RunningServer> {
  const server = await RunningServer.start(env, directory)
  servers.push(server)
  return server
}

function directoryOf(): string {
  directories.push(makeTempDirectory())
  return directories.at(-1) as string
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.end()))
  for (const directory of directories.splice(0)) removeTempDirectory(directory)
})

async function headersOf(): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await tokenOf({ sub: 'operator', role: 'admin' })}` }
}

async function append(server: RunningServer): Promise<Response> {
  const headers = { ...(await headersOf()), 'content-type': 'application/json' }
  return fetch(`${server.url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(EVENT) })
}

async function probe(server: RunningServer, path: string): Promise<number> {
  const answer = await fetch(server.url + path)
  await answer.arrayBuffer()
  return answer.status
}

/** A store whose first event is damaged while a later one is whole. */
async function damagedStore(): Promise<string> {
  const directory = directoryOf()
  const store = await openEmbedded({ directory, nodeId: 'n1', allowUnsafeFilesystem: true })
  for (let n = 0; n < 3; n++) await store.append({ events: [EVENT], author: { agentId: 'operator' } })
  await store.close()
  const folder = join(directory, 'segments')
  const [name] = readdirSync(folder).filter(file => readFileSync(join(folder, file)).includes(EVENT.data.text))
  const path = join(folder, name as string)
  const bytes = readFileSync(path)
  const at = bytes.indexOf(EVENT.data.text)
  bytes[at] = (bytes[at] as number) ^ 1
  writeFileSync(path, bytes)
  return directory
}

/** The head of the first answer to what is written on a bare connection. */
async function headOf(server: RunningServer, request: string): Promise<string> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.write(request)
  let answer = ''
  while (!answer.includes('\r\n\r\n')) answer += String((await once(socket, 'data'))[0])
  socket.destroy()
  return answer.slice(0, answer.indexOf('\r\n\r\n'))
}

test(
  'a damaged store is ready for reads, is not healthy, and every answer says EMERGENCY',
  async () => {
    const server = await started(await damagedStore())
    const { authorization } = await headersOf()
    expect(await probe(server, '/readyz')).toBe(200)
    expect(await probe(server, '/health')).toBe(503)
    const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
      const answer = await fetch(server.url + path, {
        method,
        headers: { authorization: `${authorization}`, ...headers },
      })
      await answer.body?.cancel()
      return [path, answer.status, answer.headers.get('lighthouse-mode')]
    }
    expect(
      await Promise.all([
        ...['/livez', '/readyz', '/health', '/metrics', '/openapi.json', '/nothing', '/%ff'].map(path => ask(path)),
        ask('/v1/events?after=1'),
        ask('/v1/events?after=1', { accept: 'application/x-ndjson' }),
        ask('/v1/events?after=1', { accept: 'text/event-stream' }),
        ask('/v1/events', { authorization: 'Bearer none' }),
      ]),
    ).toEqual(
      [
        ...[
          ['/livez', 200],
          ['/readyz', 200],
          ['/health', 503],
          ['/metrics', 200],
          ['/openapi.json', 200],
        ],
        ...[
          ['/nothing', 404],
          ['/%ff', 400],
          ['/v1/events?after=1', 200],
          ['/v1/events?after=1', 200],
        ],
        ...[
          ['/v1/events?after=1', 200],
          ['/v1/events', 401],
        ],
      ].map(([path, status]) => [path, status, 'EMERGENCY']),
    )
    const refused = await append(server)
    expect([refused.status, refused.headers.get('lighthouse-mode')]).toEqual([503, 'EMERGENCY'])
    const upgrade = (path: string) =>
      `GET ${path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
    for (const [request, status] of [
      [upgrade('/v1/stream'), 101],
      [upgrade('/v1/other'), 404],
      ['nonsense\r\n\r\n', 400],
    ] as const) {
      const head = await headOf(server, request)
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      expect(head).toMatch(/^lighthouse-mode: EMERGENCY$/im)
    }
  },
  LIMIT_MS,
)

test(
  'where reads alone are not enough, a damaged store is not ready',
  async () => {
    const server = await started(await damagedStore(), { LIGHTHOUSE_READY_WHEN_READ_ONLY: 'false' })
    expect(await probe(server, '/readyz')).toBe(503)
    expect(await probe(server, '/livez')).toBe(200)
  },
  LIMIT_MS,
)

test(
  'a writable store says nothing of a mode',
  async () => {
    const server = await started(directoryOf())
    const answer = await append(server)
    expect([answer.status, answer.headers.get('lighthouse-mode')]).toEqual([201, null])
    expect(await probe(server, '/health')).toBe(200)
  },
  LIMIT_MS,
)

test(
  'a server whose data directory has gone is not ready, and is again when it is back',
  async () => {
    const parent = directoryOf()
    const directory = join(parent, 'data')
    const server = await started(directory)
    expect((await append(server)).status).toBe(201)
    renameSync(directory, join(parent, 'elsewhere'))
    while ((await probe(server, '/readyz')) !== 503) await new Promise(setImmediate)
    expect(await probe(server, '/livez')).toBe(200)
    renameSync(join(parent, 'elsewhere'), directory)
    while ((await probe(server, '/readyz')) !== 200) await new Promise(setImmediate)
    expect((await append(server)).status).toBe(201)
  },
  LIMIT_MS,
)

test(
  'the append that finds its directory gone is refused, and the server ends with 5',
  async () => {
    const parent = directoryOf()
    const directory = join(parent, 'data')
    const server = await started(directory)
    expect((await append(server)).headers.has('lighthouse-mode')).toBe(false)
    renameSync(directory, join(parent, 'elsewhere'))
    // The end of the process may come before the answer does.
    const answered = await append(server).then(
      ({ status, headers }) => [status, headers.get('lighthouse-mode')],
      () => 'cut',
    )
    expect([[503, 'EMERGENCY'], 'cut']).toContainEqual(answered)
    expect(await server.endsByItself()).toBe(5)
    expect(server.lines.filter(line => line.includes('"level":"fatal"'))).toEqual([
      expect.stringContaining('lost_ownership'),
    ])
    renameSync(join(parent, 'elsewhere'), directory)
  },
  LIMIT_MS,
)
