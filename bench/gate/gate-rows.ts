// The rows of the gate, those of the first decision about this store: how long one append takes, how many events batches bring, how long a query takes.
import { makeEvents } from '../engine/workload.js'
import { type Load, load } from '../http/load.js'
import { tokenFor } from '../http/servers.js'
import { fill, HTTP_ROWS, subjectOn } from '../pairs/http-rows.js'
import type { PairRow } from '../pairs/row.js'
import { startServer } from '../pairs/side.js'

const STORED = 10_000
const RESULTS = 100
const EVENTS = makeEvents({ count: 1_000 })
/** Carried by about an eighth of all events. */
const QUERY = `/v1/events?tag=team:3&limit=${RESULTS}`

/** What one caller alone asks in a second is too little for the code to be compiled as it is in use. */
const WARMING = { connections: 16, seconds: 1 }

type Shape = Omit<Load, 'seconds' | 'url' | 'connections'> & { readonly path: string }

interface Waiting {
  readonly name: string
  readonly what: string
  readonly of: 'p50' | 'p95'
  readonly stored: number
  readonly shape: Shape
}

/** One connection, so that the figure is what one caller waits for. */
function waitingFor({ name, what, of, stored, shape }: Waiting): PairRow {
  return {
    name,
    what: `${what}, 1 connection`,
    unit: `ms, ${of}`,
    better: 'less',
    start: async ({ side, directory }) => {
      const running = await startServer(side, directory)
      const authorization = `Bearer ${await tokenFor('bench')}`
      await fill(running, authorization, makeEvents({ count: stored, seed: 7 }))
      const { path, ...rest } = shape
      const asked = { ...rest, url: `${running.url}${path}`, headers: { ...shape.headers, authorization } }
      await load({ ...asked, ...WARMING })
      return subjectOn(running, async seconds => {
        const answered = await load({ ...asked, connections: 1, seconds })
        return { figure: answered[of], perSecond: answered.perSecond }
      })
    },
  }
}

const append = waitingFor({
  name: 'append-latency',
  what: 'POST /v1/events, 1 KB of JSON',
  of: 'p50',
  stored: 0,
  shape: {
    path: '/v1/events',
    method: 'POST',
    bodies: EVENTS.map(event => JSON.stringify(event)),
    headers: { 'content-type': 'application/json' },
  },
})

const query = waitingFor({
  name: 'query-response',
  what: `${RESULTS} events by a tag in a store of ${STORED.toLocaleString('en-US')}`,
  of: 'p95',
  stored: STORED,
  shape: { path: QUERY },
})

const batch = HTTP_ROWS.find(({ name }) => name === 'http-batches-json') as PairRow

export const GATE_ROWS: readonly PairRow[] = [append, { ...batch, name: 'batch-throughput' }, query]
