// The rows over HTTP: single appends, batches, pages and consumer groups, each on a server that has just been started.
import { makeEvents, PACKR } from '../engine/workload.js'
import { type Load, load } from '../http/load.js'
import { type Running, tokenFor } from '../http/servers.js'
import type { PairRow, Started } from './row.js'
import { type Subject, startServer } from './side.js'

const EVENTS = makeEvents({ count: 1_000 })
const BATCH = 100
const PAGE = 1_000
/** More than are handed out in one run, so that no consumer finds nothing. */
const TASKS = 50_000

type Shape = Omit<Load, 'seconds' | 'url'> & { readonly path: string }

export function subjectOn(running: Running, measure: Subject['measure']): Subject {
  return { pid: running.process.pid as number, measure, stop: () => running.stop() }
}

/** Keeps sending one kind of request; `each` is how many operations one of them is. */
async function loading(started: Started, shape: (headers: Record<string, string>) => Shape, each = 1) {
  const running = await startServer(started.side, started.directory)
  const { path, ...rest } = shape({ authorization: `Bearer ${await tokenFor('bench')}` })
  return subjectOn(running, async seconds => {
    const { perSecond } = await load({ ...rest, url: `${running.url}${path}`, seconds })
    return { figure: perSecond * each, perSecond: perSecond * each }
  })
}

const singles = (connections: number): PairRow => ({
  name: `http-singles-${connections}`,
  what: `POST /v1/events, 1 KB of JSON, ${connections} connections`,
  unit: 'requests/s',
  better: 'more',
  start: started =>
    loading(started, headers => ({
      path: '/v1/events',
      method: 'POST',
      connections,
      bodies: EVENTS.map(event => JSON.stringify(event)),
      headers: { ...headers, 'content-type': 'application/json' },
    })),
})

const batches = (form: 'json' | 'msgpack'): PairRow => ({
  name: `http-batches-${form}`,
  what: `POST /v1/events/batch, 100 events as ${form}, 8 connections`,
  unit: 'events/s',
  better: 'more',
  start: started => {
    const groups = Array.from({ length: EVENTS.length / BATCH }, (_, at) => EVENTS.slice(at * BATCH, (at + 1) * BATCH))
    const bodies = groups.map(events =>
      Buffer.from(form === 'json' ? JSON.stringify({ events }) : PACKR.pack({ events })),
    )
    return loading(
      started,
      headers => ({
        path: '/v1/events/batch',
        method: 'POST',
        connections: 8,
        bodies,
        headers: { ...headers, 'content-type': `application/${form}` },
      }),
      BATCH,
    )
  },
})

const pages = (form: 'json' | 'msgpack'): PairRow => ({
  name: `http-pages-${form}`,
  what: `GET /v1/events?limit=1000 as ${form}, 8 connections`,
  unit: 'events/s',
  better: 'more',
  start: async started => {
    const running = await startServer(started.side, started.directory)
    const authorization = `Bearer ${await tokenFor('bench')}`
    await fill(running, authorization, makeEvents({ count: 2 * PAGE, seed: 7 }))
    const url = `${running.url}/v1/events?limit=${PAGE}`
    const headers = { authorization, accept: `application/${form}` }
    return subjectOn(running, async seconds => {
      const { perSecond } = await load({ url, headers, connections: 8, seconds })
      return { figure: perSecond * PAGE, perSecond: perSecond * PAGE }
    })
  },
})

const groups = (consumers: number, max: number): PairRow => ({
  name: `groups-${consumers}x${max}`,
  what: `take and ack, ${consumers} consumers, up to ${max} at a time`,
  unit: 'events/s',
  better: 'more',
  start: async started => {
    const running = await startServer(started.side, started.directory)
    const authorization = `Bearer ${await tokenFor('bench')}`
    const tasks = Array.from({ length: TASKS }, (_, n) => {
      return { type: 'task', stream: `tasks/${n % 100}`, data: { n, text: 'x'.repeat(200) } }
    })
    await fill(running, authorization, tasks)
    let defined = 0
    return subjectOn(running, async seconds => {
      let settled = 0
      const begun = performance.now()
      const until = begun + seconds * 1_000
      // A group that has handed everything out is followed by another, over the same events.
      while (performance.now() < until) {
        settled += await drained({ running, authorization, name: `g${defined++}`, consumers, max }, until)
      }
      const perSecond = (settled * 1_000) / (performance.now() - begun)
      return { figure: perSecond, perSecond }
    })
  },
})

interface Draining {
  readonly running: Running
  readonly authorization: string
  readonly name: string
  readonly consumers: number
  readonly max: number
}

async function drained({ running, authorization, name, consumers, max }: Draining, until: number): Promise<number> {
  const url = `${running.url}/v1/subscriptions/${name}`
  const ask = async <T>(address: string, method: string, body?: object): Promise<T> => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const rest = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await fetch(address, { method, headers: { authorization, ...json }, ...rest })
    if (!answer.ok) throw new Error(`refused: ${await answer.text()}`)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }
  await ask(url, 'PUT', { filter: { types: ['task'] }, after: 'start', maxInFlight: 10_000 })
  let settled = 0
  const consume = async () => {
    while (performance.now() < until) {
      const { deliveries } = await ask<{ deliveries: { token: string }[] }>(`${url}/take?max=${max}&wait=1`, 'POST')
      if (deliveries.length === 0) return
      const tokens = deliveries.map(({ token }) => token)
      settled += (await ask<{ settled: number }>(`${url}/ack`, 'POST', { tokens })).settled
    }
  }
  await Promise.all(Array.from({ length: consumers }, consume))
  await ask(url, 'DELETE')
  return settled
}

export async function fill({ url }: Running, authorization: string, events: readonly object[]): Promise<void> {
  for (let at = 0; at < events.length; at += 500) {
    const answer = await fetch(`${url}/v1/events/batch`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ events: events.slice(at, at + 500) }),
    })
    if (!answer.ok) throw new Error(`filling was refused: ${await answer.text()}`)
    await answer.arrayBuffer()
  }
}

export const HTTP_ROWS: readonly PairRow[] = [
  ...[1, 16, 64].map(singles),
  ...(['json', 'msgpack'] as const).map(batches),
  ...(['json', 'msgpack'] as const).map(pages),
]

export const GROUP_ROWS: readonly PairRow[] = [groups(16, 10), groups(4, 100)]
