// Lighthouse itself, as it is built and with everything on: over HTTP by bare sockets, over one WebSocket, and by its own client.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lighthouse } from '#client'
import { freePort } from '../../test/support/free-port.js'
import { PACKR } from '../engine/workload.js'
import { Client as HttpConnection, requestOf } from '../http/load.js'
import { startLighthouse, tokenFor } from '../http/servers.js'
import { LightClient } from '../live/light-client.js'
import { eachBatch, eachClaim, eachSingle, READ, WATCHED, watchedData } from './events.js'
import { ProcessTree } from './process-tree.js'
import type { AppendWork, Clients, Peer, ReadKind, System, Watch } from './system.js'

const READ_PARAMETERS: Readonly<Record<ReadKind, string>> = {
  all: '',
  stream: `?stream=${READ.stream}`,
  type: `?type=${READ.type}`,
  tag: `?tag=${READ.tag}`,
}
/** A revision is written into a request that has been made before; spaces behind a number are no part of it. */
const REVISION_ROOM = ' '.repeat(10)

export const LIGHTHOUSE: Peer = {
  name: 'lighthouse',
  needs: [],
  start: async directory => {
    const token = await tokenFor('bench')
    const running = await startLighthouse({ directory, port: await freePort() })
    const processes = new ProcessTree(running.process.pid as number)
    return new LighthouseSystem(running, processes, join(directory, readdirSync(directory)[0] as string), token)
  },
}

class LighthouseSystem implements System {
  readonly name = 'lighthouse'
  readonly version = (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }).version
  readonly readyMs: number
  readonly known: number[] = []
  private readonly authorization: string

  constructor(
    private readonly running: Awaited<ReturnType<typeof startLighthouse>>,
    readonly processes: ProcessTree,
    readonly directory: string,
    private readonly token: string,
  ) {
    this.readyMs = running.readyMs
    this.authorization = `Bearer ${token}`
  }

  appending({ kind, clients, way }: AppendWork): Promise<Clients> {
    if (way === 'client' || way === 'appender') return Promise.resolve(this.byClient(clients, way))
    if (kind === 'shared') return this.overSocket(clients)
    return this.overHttp(kind, clients, way)
  }

  private async overHttp(kind: AppendWork['kind'], clients: number, way: AppendWork['way']): Promise<Clients> {
    const { hostname, port } = new URL(this.running.url)
    const connections: HttpConnection[] = []
    for (let n = 0; n < clients; n++) connections.push(await HttpConnection.to(hostname, Number(port)))
    const to = (client: number) => connections[client] as HttpConnection
    const close = async () => {
      for (const connection of connections) connection.end()
    }
    if (kind === 'batches') {
      const batch = eachBatch(events =>
        this.request('/v1/events/batch', way, way === 'msgpack' ? PACKR.pack({ events }) : JSON.stringify({ events })),
      )
      return { append: (client, turn) => to(client).ask(batch(client, turn)), close }
    }
    if (kind === 'singles') {
      const single = eachSingle(event => this.request('/v1/events', way, JSON.stringify(event)))
      return { append: (client, turn) => to(client).ask(single(client, turn, clients)), close }
    }
    const claim = eachClaim(clients, event => {
      const body = `${JSON.stringify(event).slice(0, -1)},"expectedRevision":${REVISION_ROOM}}`
      return this.request('/v1/events', way, body)
    })
    const append = async (client: number, turn: number) => {
      const next = this.known[client] ?? 0
      const expected = next === 0 ? '"none"' : String(next - 1)
      const request = claim(client, turn)
      request.write(expected.padEnd(REVISION_ROOM.length), request.length - REVISION_ROOM.length - 1, 'latin1')
      await to(client).ask(request)
      this.known[client] = next + 1
    }
    return { append, close }
  }

  private request(path: string, way: AppendWork['way'], body: string | Buffer): Buffer {
    const type = `application/${way === 'msgpack' ? 'msgpack' : 'json'}`
    const headers = { authorization: this.authorization, 'content-type': type }
    return requestOf({ url: `${this.running.url}${path}`, method: 'POST', headers }, body)
  }

  private async overSocket(clients: number): Promise<Clients> {
    const socket = await LightClient.open(this.running.url, { Authorization: this.authorization })
    const single = eachSingle(event => JSON.stringify(event))
    const answers = new AppendAnswers(socket)
    const append = (client: number, turn: number) => answers.to(single(client, turn, clients))
    return { append, close: async () => socket.end() }
  }

  private byClient(clients: number, way: AppendWork['way']): Clients {
    const lighthouse = new Lighthouse({ url: this.running.url, token: this.token })
    const single = eachSingle(event => event)
    if (way === 'client') {
      const append = (client: number, turn: number) => lighthouse.append(single(client, turn, clients))
      return { append, close: async () => {} }
    }
    const appender = lighthouse.appender()
    const append = (client: number, turn: number) => appender.append(single(client, turn, clients))
    return { append, close: () => appender.close() }
  }

  /** One answer of lines, each of which is parsed. */
  reading(kind: ReadKind): () => Promise<number> {
    const url = `${this.running.url}/v1/events${READ_PARAMETERS[kind]}`
    const headers = { authorization: this.authorization, accept: 'application/x-ndjson' }
    return async () => {
      const answer = await fetch(url, { headers })
      if (!answer.ok || answer.body === null) throw new Error(`refused: ${await answer.text()}`)
      let rest = ''
      let events = 0
      for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
        const lines = `${rest}${text}`.split('\n')
        rest = lines.pop() as string
        for (const line of lines) if ((JSON.parse(line) as { readonly type: string }).type === 'event') events++
      }
      return events
    }
  }

  async watching(seen: (number: number) => void): Promise<Watch> {
    const open = () => LightClient.open(this.running.url, { Authorization: this.authorization })
    const [writer, reader] = [await open(), await open()]
    await new Promise<void>(resolve => {
      reader.onFrame = payload => {
        if (payload.includes('"type":"caughtUp"')) resolve()
      }
      reader.send(JSON.stringify({ type: 'subscribe', id: 'seen', filter: { streams: [WATCHED.stream] } }))
    })
    reader.onFrame = payload => {
      const { event } = JSON.parse(payload.toString()) as { readonly event?: { readonly data: { number: number } } }
      if (event !== undefined) seen(event.data.number)
    }
    const answers = new AppendAnswers(writer)
    return {
      send: number => answers.to(JSON.stringify({ ...WATCHED, data: watchedData(number) })),
      close: async () => {
        for (const client of [writer, reader]) client.end()
      },
    }
  }

  stop(): Promise<void> {
    return this.running.stop()
  }
}

/** Which append of a socket an answer belongs to. */
class AppendAnswers {
  private readonly open = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  private sent = 0

  constructor(private readonly socket: LightClient) {
    socket.onFrame = payload => this.take(payload)
  }

  to(event: string): Promise<void> {
    const id = String(this.sent++)
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject })
      this.socket.send(`{"type":"append","id":"${id}","events":[${event}]}`)
    })
  }

  private take(payload: Buffer): void {
    const head = payload.toString('latin1', 0, 64)
    const id = /"id":"(\d+)"/.exec(head)?.[1]
    if (id === undefined) return
    const waiting = this.open.get(id)
    this.open.delete(id)
    if (head.startsWith('{"type":"appended"')) waiting?.resolve()
    else waiting?.reject(new Error(payload.toString()))
  }
}
