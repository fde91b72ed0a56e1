// Reads over HTTP: one event, a hundred, a thousand, as JSON and as MessagePack, beside the bare work on the same events.
import { median } from '../engine/figures.js'
import { makeEvents, PACKR } from '../engine/workload.js'
import type { HttpBench } from './bench.js'
import { load } from './load.js'
import { pace, pair } from './pair.js'

const STORED = 20_000
const BATCH = 1_000

async function fill({ lighthouse, authorization }: HttpBench): Promise<void> {
  const events = makeEvents({ count: STORED, seed: 7 })
  for (let at = 0; at < events.length; at += BATCH) {
    const body = JSON.stringify({ events: events.slice(at, at + BATCH) })
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = await fetch(`${lighthouse.url}/v1/events/batch`, { method: 'POST', headers, body })
    if (!answer.ok) throw new Error(`filling was refused: ${await answer.text()}`)
  }
}

/** Events a second that one core can unpack and write as JSON, or just copy. */
const FLOORS = {
  json: (packed: readonly Buffer[]) => {
    for (const bytes of packed) JSON.stringify(PACKR.unpack(bytes))
    return packed.length
  },
  msgpack: (packed: readonly Buffer[]) => (Buffer.concat(packed).length > 0 ? packed.length : 0),
}

export async function readBench(bench: HttpBench): Promise<void> {
  const { report, lighthouse, authorization, rounds, seconds } = bench
  await fill(bench)
  const packed = makeEvents({ count: 1_000, seed: 7 }).map(event => Buffer.from(PACKR.pack(event)))
  report.heading('GET /v1/events: events/s beside bare unpack + stringify (JSON), bare copying (MessagePack)')
  for (const limit of [1, 100, 1_000]) {
    for (const form of ['json', 'msgpack'] as const) {
      const headers = { authorization, accept: `application/${form}` }
      const url = `${lighthouse.url}/v1/events?limit=${limit}`
      const { store, floor } = await pair(
        rounds,
        () => load({ url, headers, connections: 8, seconds }),
        () => pace(() => FLOORS[form](packed)),
      )
      report.add({
        group: 'read',
        what: `${limit} events, ${form}, 8 connections`,
        unit: 'events/s',
        store: store.map(result => result.perSecond * limit),
        floor: floor.map(r => r.perSecond),
        ...(limit === 1_000 && form === 'json' ? { targets: [{ of: 'ratio' as const, atLeast: 0.6 }] } : {}),
        detail: { 'p50 ms': median(store.map(r => r.p50)), 'p99 ms': median(store.map(r => r.p99)) },
      })
    }
  }
}
