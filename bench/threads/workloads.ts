// The four loads of the bench of threads: single appends, batches, pages and live delivery, each as fast as it is answered.
import { LogHistogram } from '../../src/monitors/log-histogram.js'
import { makeEvents } from '../engine/workload.js'
import { requestOf } from '../http/load.js'
import { LightClient } from '../live/light-client.js'
import { PreparedConnection } from './prepared-connection.js'

export const WORKLOADS = ['single', 'batch', 'page', 'live'] as const
export type Workload = (typeof WORKLOADS)[number]

/** What the process of the load is told. */
export interface Task {
  readonly workload: Workload
  readonly url: string
  /** The header's value. */
  readonly authorization: string
  readonly seconds: number
}

export interface Done {
  /** Appended, read or delivered. */
  readonly events: number
  readonly seconds: number
  /** Of the process of the load. */
  readonly cpuUs: number
  /** Of a request, in ms, within a twelfth. */
  readonly p50: number
  readonly p99: number
}

export const BATCH = 100
const PAGE = 100
const CONNECTIONS = { single: 64, batch: 8, page: 16, live: 2 } as const satisfies Record<Workload, number>
const SUBSCRIBERS = 32
/** Frames that are on their way to subscribers at most: about four batches to each. */
const MOST_UNDELIVERED = 4 * BATCH * SUBSCRIBERS

const EVENTS = makeEvents({ count: 1_000 })

export const DESCRIBED: Readonly<Record<Workload, string>> = {
  single: `POST /v1/events, 1 KB of JSON, ${CONNECTIONS.single} connections`,
  batch: `POST /v1/events/batch, ${BATCH} events of 1 KB, JSON, ${CONNECTIONS.batch} connections`,
  page: `GET /v1/events?limit=${PAGE}, JSON, ${CONNECTIONS.page} connections`,
  live: `${SUBSCRIBERS} sockets that follow everything, ${CONNECTIONS.live} connections that append batches of ${BATCH}`,
}

export async function work(task: Task): Promise<Done> {
  const { workload, seconds } = task
  const load = new Load(requestsOf(task), CONNECTIONS[workload])
  const followers = workload === 'live' ? await Followers.open(task) : undefined
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await load.run(task.url, seconds, () => followers?.mayAppend(load.answers * BATCH) ?? true)
  const took = (performance.now() - begun) / 1_000
  const events = followers?.end() ?? load.answers * EVENTS_OF[workload]
  const { user, system } = process.cpuUsage(cpu)
  const [p50, p99] = [0.5, 0.99].map(q => load.latencies.quantile(q) ?? Number.NaN) as [number, number]
  return { events, seconds: took, cpuUs: user + system, p50, p99 }
}

const EVENTS_OF: Readonly<Record<Workload, number>> = { single: 1, batch: BATCH, page: PAGE, live: BATCH }

function requestsOf({ workload, url, authorization }: Task): Buffer[] {
  if (workload === 'page') {
    const headers = { authorization, accept: 'application/json' }
    return [requestOf({ url: `${url}/v1/events?limit=${PAGE}`, headers }, '')]
  }
  const headers = { authorization, 'content-type': 'application/json' }
  const post = (path: string, body: object) =>
    requestOf({ url: url + path, method: 'POST', headers }, JSON.stringify(body))
  if (workload === 'single') return EVENTS.map(event => post('/v1/events', event))
  const batches = Array.from({ length: EVENTS.length / BATCH }, (_, n) => EVENTS.slice(n * BATCH, (n + 1) * BATCH))
  return batches.map(events => post('/v1/events/batch', { events }))
}

/** Each connection sends its next request when the last one is answered. */
class Load {
  readonly latencies = new LogHistogram()
  answers = 0
  private turn = 0

  constructor(
    private readonly requests: readonly Buffer[],
    private readonly connections: number,
  ) {}

  /** Rejects at the first answer that is not 2xx: a figure of refusals is worth nothing. */
  async run(url: string, seconds: number, mayGoOn: () => boolean): Promise<void> {
    const open: PreparedConnection[] = []
    const until = performance.now() + seconds * 1_000
    const one = () =>
      new Promise<void>((done, failed) => {
        let sent = 0
        const next = (connection: PreparedConnection) => {
          const now = performance.now()
          if (now >= until) return done()
          if (!mayGoOn()) return void setTimeout(next, 1, connection)
          sent = now
          connection.send(this.requests[this.turn++ % this.requests.length] as Buffer)
        }
        const answered = (connection: PreparedConnection) => {
          this.answers++
          this.latencies.record(performance.now() - sent)
          next(connection)
        }
        PreparedConnection.open(url, { answered, failed }).then(connection => {
          open.push(connection)
          next(connection)
        }, failed)
      })
    try {
      await Promise.all(Array.from({ length: this.connections }, one))
    } finally {
      for (const connection of open) connection.end()
    }
  }
}

/** Sockets that follow everything from the head on, and only count what comes. */
class Followers {
  private constructor(private readonly clients: readonly LightClient[]) {}

  static async open({ url, authorization }: Task): Promise<Followers> {
    const clients: LightClient[] = []
    for (let n = 0; n < SUBSCRIBERS; n++) {
      const client = await LightClient.open(url, { Authorization: authorization })
      const caughtUp = new Promise<void>(resolve => {
        client.onFrame = payload => {
          if (payload.includes('"type":"caughtUp"')) resolve()
        }
      })
      client.send(JSON.stringify({ type: 'subscribe', id: 's' }))
      await caughtUp
      client.onFrame = undefined
      client.frames = 0
      clients.push(client)
    }
    return new Followers(clients)
  }

  mayAppend(events: number): boolean {
    return events * SUBSCRIBERS - this.delivered <= MOST_UNDELIVERED
  }

  /** Answers how many frames have come. */
  end(): number {
    for (const client of this.clients) client.end()
    return this.delivered
  }

  private get delivered(): number {
    return this.clients.reduce((sum, { frames }) => sum + frames, 0)
  }
}
