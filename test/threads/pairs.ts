// Append over one connection, read over another whose thread is another one: what was acknowledged must be there at once.
import { KeptConnection } from '../support/kept-connection.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { threadsEnv } from '../support/several-threads.js'
import { until } from '../support/until.js'

const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }
const ENV = { LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: LIMITLESS }), LIGHTHOUSE_ACCESS_LOG_ONE_IN: '1000000' }
const CONNECTIONS = 16
/** Reads that find the event by its position, as the newest of its stream, and by its id. */
const WAYS = ['page', 'stream', 'id'] as const

export interface Pairs {
  readonly pairs: number
  readonly stale: number
  /** Connections of each thread, by its number. */
  readonly connections: Readonly<Record<string, number>>
}

interface Placed {
  readonly thread: number
  readonly connection: KeptConnection
}

export async function appendThenRead(pairs: number, fronts: number): Promise<Pairs> {
  const server = await RunningServer.start({ ...ENV, ...threadsEnv(fronts) })
  try {
    const placed = await placedConnections(server, fronts)
    let begun = 0
    let stale = 0
    const work = async (at: number) => {
      const writer = placed[at % placed.length] as Placed
      const readers = placed.filter(({ thread }) => thread !== writer.thread)
      const stream = `agent_pairs/${at}`
      while (begun < pairs) {
        const number = begun++
        const reader = readers[number % readers.length] as Placed
        if (!(await isSeen(number, { stream, writer, reader }))) stale++
      }
    }
    await Promise.all(placed.map((_, at) => work(at)))
    for (const { connection } of placed) connection.close()
    const byThread = Object.groupBy(placed, ({ thread }) => thread)
    const connections = Object.fromEntries(Object.entries(byThread).map(([thread, all]) => [thread, all?.length ?? 0]))
    return { pairs, stale, connections }
  } finally {
    await server.stop()
  }
}

interface Pair {
  readonly stream: string
  readonly writer: Placed
  readonly reader: Placed
}

async function isSeen(number: number, { stream, writer, reader }: Pair): Promise<boolean> {
  const { status, body } = await writer.connection.ask('POST', '/v1/events', {
    type: 'Paired',
    stream,
    data: { number },
  })
  if (status !== 201) throw new Error(`an append was answered with ${status}`)
  const { position, id } = body as { position: number; id: string }
  switch (WAYS[number % WAYS.length]) {
    case 'page': {
      const page = await reader.connection.ask('GET', `/v1/events?after=${position - 1}&limit=1`)
      return page.body.events[0]?.position === position
    }
    case 'stream': {
      const path = `/v1/streams/${encodeURIComponent(stream)}/events?order=desc&limit=1`
      return (await reader.connection.ask('GET', path)).body.events[0]?.position === position
    }
    default:
      return (await reader.connection.ask('GET', `/v1/events/${id}`)).status === 200
  }
}

/** Opens connections until each thread has some; an answer that is an error is always logged, by the thread that gave it. */
async function placedConnections(server: RunningServer, fronts: number): Promise<Placed[]> {
  const authorization = `Bearer ${await tokenOf({ sub: 'pairs', role: 'admin' })}`
  const placed: Placed[] = []
  while (placed.length < CONNECTIONS || new Set(placed.map(({ thread }) => thread)).size < fronts) {
    const connection = new KeptConnection(server.url, authorization)
    const name = `connection-${placed.length}`
    await connection.ask('GET', '/v1/events/none-of-this-id', undefined, { 'x-correlation-id': name })
    const thread = await until(() => threadOf(server, name))
    placed.push({ thread, connection })
  }
  return placed
}

function threadOf({ lines }: RunningServer, correlationId: string): number | undefined {
  const line = lines.find(one => one.includes(`"${correlationId}"`))
  return line === undefined ? undefined : (JSON.parse(line) as { thread: number }).thread
}
