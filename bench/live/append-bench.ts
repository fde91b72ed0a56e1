// Appends over a socket, many in flight, beside single appends over HTTP; and over HTTP with and without idle subscribers.
import { alternate } from '../engine/figures.js'
import { makeEvents } from '../engine/workload.js'
import { load } from '../http/load.js'
import { residentOf } from '../http/servers.js'
import { type LiveBench, openStream, subscribed } from './bench.js'
import type { LightClient } from './light-client.js'

const EVENTS = makeEvents({ count: 1_000 })
const IDLE = 1_000

function overHttp({ lighthouse, authorization, seconds }: LiveBench) {
  const headers = { authorization, 'content-type': 'application/json' }
  const bodies = EVENTS.map(event => JSON.stringify(event))
  const url = `${lighthouse.url}/v1/events`
  return load({ url, method: 'POST', headers, bodies, connections: 64, seconds }).then(({ perSecond }) => perSecond)
}

/** Each socket keeps so many appends in flight. */
async function overSockets(bench: LiveBench, sockets: number, inFlight: number): Promise<number> {
  const clients: LightClient[] = []
  for (let n = 0; n < sockets; n++) clients.push(await openStream(bench))
  let answered = 0
  let sent = 0
  const begun = performance.now()
  const until = begun + bench.seconds * 1000
  const finished = clients.map(
    client =>
      new Promise<void>((resolve, reject) => {
        let open = 0
        const next = () => {
          open++
          client.send(`{"type":"append","id":"${sent}","events":[${BODIES[sent++ % BODIES.length]}]}`)
        }
        client.onFrame = payload => {
          if (payload[9] !== 0x61) {
            if (payload.includes('"type":"error"')) reject(new Error(payload.toString()))
            return
          }
          answered++
          open--
          if (performance.now() < until) next()
          else if (open === 0) resolve()
        }
        for (let n = 0; n < inFlight; n++) next()
      }),
  )
  await Promise.all(finished)
  const perSecond = (answered * 1000) / (performance.now() - begun)
  for (const client of clients) client.end()
  return perSecond
}

const BODIES = EVENTS.map(event => JSON.stringify(event))

export async function appendBench(bench: LiveBench): Promise<void> {
  const { report, rounds } = bench
  report.heading('Single appends of 1 KB, durable: over sockets, pipelined, beside 64 connections of HTTP')
  const sides = {
    floor: () => overHttp(bench),
    one: () => overSockets(bench, 1, 250),
    four: () => overSockets(bench, 4, 64),
  }
  const { floor, one, four } = await alternate<number, typeof sides>(rounds, sides)
  const targets = [{ of: 'ratio' as const, atLeast: 3 }]
  report.add({ group: 'append', what: '1 socket, 250 in flight', unit: 'events/s', store: one, floor, targets })
  report.add({ group: 'append', what: '4 sockets, 64 in flight each', unit: 'events/s', store: four, floor, targets })
}

export async function idleBench(bench: LiveBench): Promise<void> {
  const { report, rounds, lighthouse } = bench
  report.heading(`${IDLE} subscribers that nothing matches`)
  const without: number[] = []
  for (let round = 0; round <= rounds; round++) without.push(await overHttp(bench))
  const before = residentOf(lighthouse) ?? Number.NaN
  const idle: LightClient[] = []
  for (let n = 0; n < IDLE; n++) {
    const client = await openStream(bench)
    await subscribed(client, { id: 's', filter: { streams: [`nobody-${n}`] } })
    idle.push(client)
  }
  const each = ((residentOf(lighthouse) ?? Number.NaN) - before) / 1024 / IDLE
  report.add({
    group: 'idle',
    what: 'resident memory of each',
    unit: 'KiB',
    store: [each],
    targets: [{ of: 'store', atMost: 30 }],
  })
  const withThem: number[] = []
  for (let round = 0; round <= rounds; round++) withThem.push(await overHttp(bench))
  report.add({
    group: 'idle',
    what: 'appends over HTTP, 64 connections, with and without',
    unit: 'events/s',
    store: withThem.slice(1),
    floor: without.slice(1),
  })
  for (const client of idle) client.end()
}
