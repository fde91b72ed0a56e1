// The rows over the stream: delivery at a steady pace, fan-out, catching up, and appends pipelined on one socket.
import { percentile } from '../engine/figures.js'
import { makeEvents, PACKR } from '../engine/workload.js'
import { type Running, tokenFor } from '../http/servers.js'
import { subscribed } from '../live/bench.js'
import { LightClient } from '../live/light-client.js'
import { fill, subjectOn } from './http-rows.js'
import type { PairRow, Started } from './row.js'
import { type Measure, startServer } from './side.js'

const EVENTS = makeEvents({ count: 1_000 })
const BODIES = EVENTS.map(event => JSON.stringify(event))
const STORED = 20_000
const PER_SECOND = 1_000
const SUBSCRIBERS = 100
/** No agent holds many connections: their number per agent is limited. */
const CONNECTIONS_EACH = 25
const IN_FLIGHT = 250

async function openStream({ url }: Running, agent: string, headers = {}): Promise<LightClient> {
  return LightClient.open(url, { Authorization: `Bearer ${await tokenFor(agent)}`, ...headers })
}

/** From the sending of an append on one socket to its delivery on another. */
const latency: PairRow = {
  name: 'live-latency',
  what: `from append to delivery at ${PER_SECOND}/s, p50`,
  unit: 'ms',
  better: 'less',
  start: async ({ side, directory }) => {
    const running = await startServer(side, directory)
    const writer = await openStream(running, 'writer')
    const subscriber = await openStream(running, 'reader')
    await subscribed(subscriber, { id: 's' })
    return subjectOn(running, seconds => paced(writer, subscriber, Math.round(seconds * PER_SECOND)))
  },
}

async function paced(writer: LightClient, subscriber: LightClient, count: number): Promise<Measure> {
  const sent: number[] = []
  const waits: number[] = []
  const all = new Promise<void>(resolve => {
    // One writer and one subscriber: what is delivered next is what was sent next.
    subscriber.onFrame = payload => {
      if (!payload.subarray(0, 16).toString('latin1').startsWith('{"type":"event"')) return
      waits.push(performance.now() - (sent[waits.length] as number))
      if (waits.length === count) resolve()
    }
  })
  const begun = performance.now()
  while (sent.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - begun) * PER_SECOND) / 1_000))
    while (sent.length < due) {
      const n = sent.length
      sent.push(performance.now())
      writer.send(`{"type":"append","id":"${n}","events":[${BODIES[n % BODIES.length]}]}`)
    }
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await all
  subscriber.onFrame = undefined
  return { figure: percentile(waits, 0.5), perSecond: PER_SECOND }
}

const fanOut: PairRow = {
  name: 'live-fanout',
  what: `batches of 100 to ${SUBSCRIBERS} subscribers`,
  unit: 'frames/s',
  better: 'more',
  start: async ({ side, directory }) => {
    const running = await startServer(side, directory)
    const authorization = `Bearer ${await tokenFor('writer')}`
    const clients: LightClient[] = []
    for (let n = 0; n < SUBSCRIBERS; n++) {
      const client = await openStream(running, `reader-${Math.floor(n / CONNECTIONS_EACH)}`)
      await subscribed(client, { id: 's' })
      clients.push(client)
    }
    return subjectOn(running, async seconds => {
      const begun = performance.now()
      let frames = 0
      while (performance.now() - begun < seconds * 1_000) {
        const delivered = Promise.all(clients.map(client => client.more(EVENTS.length)))
        for (let at = 0; at < EVENTS.length; at += 100) await fill(running, authorization, EVENTS.slice(at, at + 100))
        await delivered
        frames += EVENTS.length * clients.length
      }
      const perSecond = (frames * 1_000) / (performance.now() - begun)
      return { figure: perSecond, perSecond }
    })
  },
}

const catchUp = (form: 'json' | 'msgpack'): PairRow => ({
  name: `live-catchup-${form}`,
  what: `catching up with ${STORED} events as ${form}`,
  unit: 'events/s',
  better: 'more',
  start: async ({ side, directory }: Started) => {
    const running = await startServer(side, directory)
    await fill(running, `Bearer ${await tokenFor('writer')}`, makeEvents({ count: STORED, seed: 11 }))
    return subjectOn(running, async seconds => {
      const begun = performance.now()
      let events = 0
      while (performance.now() - begun < seconds * 1_000) events += await caughtUp(running, form)
      const perSecond = (events * 1_000) / (performance.now() - begun)
      return { figure: perSecond, perSecond }
    })
  },
})

async function caughtUp(running: Running, form: 'json' | 'msgpack'): Promise<number> {
  const client = await openStream(running, 'reader', { 'Sec-WebSocket-Protocol': `lighthouse.v1.${form}` })
  const done = new Promise<void>(resolve => {
    client.onFrame = payload => {
      if (payload.length < 200 && payload.includes('caughtUp')) resolve()
    }
  })
  const frame = { type: 'subscribe', id: 's', after: 0 }
  client.send(form === 'json' ? JSON.stringify(frame) : PACKR.pack(frame))
  await done
  client.end()
  if (client.frames < STORED) throw new Error(`caught up after ${client.frames} frames`)
  return STORED
}

const pipelined: PairRow = {
  name: 'live-append',
  what: `single appends on one socket, ${IN_FLIGHT} in flight`,
  unit: 'events/s',
  better: 'more',
  start: async ({ side, directory }) => {
    const running = await startServer(side, directory)
    return subjectOn(running, async seconds => {
      const client = await openStream(running, 'writer')
      const perSecond = await appended(client, seconds)
      client.end()
      return { figure: perSecond, perSecond }
    })
  },
}

function appended(client: LightClient, seconds: number): Promise<number> {
  let [sent, answered] = [0, 0]
  const begun = performance.now()
  const until = begun + seconds * 1_000
  const next = () => client.send(`{"type":"append","id":"${sent}","events":[${BODIES[sent++ % BODIES.length]}]}`)
  return new Promise((resolve, reject) => {
    client.onFrame = payload => {
      const begins = payload.subarray(0, 18).toString('latin1')
      if (begins.startsWith('{"type":"error"')) reject(new Error(payload.toString()))
      if (!begins.startsWith('{"type":"appended"')) return
      answered++
      if (performance.now() < until) next()
      else if (answered === sent) resolve((answered * 1_000) / (performance.now() - begun))
    }
    for (let n = 0; n < IN_FLIGHT; n++) next()
  })
}

export const LIVE_ROWS: readonly PairRow[] = [latency, fanOut, catchUp('json'), catchUp('msgpack'), pipelined]
