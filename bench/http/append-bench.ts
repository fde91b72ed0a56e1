// Appends over HTTP: singles beside a bare Fastify that parses the same bodies, batches beside the bare work on their events.
import { hash } from 'node:crypto'
import { median } from '../engine/figures.js'
import { makeEvents, PACKR } from '../engine/workload.js'
import type { HttpBench } from './bench.js'
import { load } from './load.js'
import { pace, pair } from './pair.js'
import { startStoring } from './servers.js'

const CONNECTIONS = [1, 16, 64, 256]
const EVENTS = makeEvents({ count: 1_000 })
const BATCH = 100

export async function singleBench({ report, lighthouse, bare, authorization, rounds, seconds }: HttpBench) {
  const shape = {
    method: 'POST' as const,
    seconds,
    headers: { authorization, 'content-type': 'application/json' },
    bodies: EVENTS.map(event => JSON.stringify(event)),
  }
  report.heading('POST /v1/events, 1 KB of JSON, durable: requests/s beside a bare Fastify that parses the same body')
  for (const connections of CONNECTIONS) {
    const { store, floor } = await pair(
      rounds,
      () => load({ ...shape, connections, url: `${lighthouse.url}/v1/events` }),
      () => load({ ...shape, connections, url: `${bare.url}/v1/events` }),
    )
    const middle = (name: 'p50' | 'p99' | 'p999') => median(store.map(result => result[name]))
    report.add({
      group: 'single',
      what: `${connections} connections`,
      unit: 'requests/s',
      store: store.map(result => result.perSecond),
      floor: floor.map(result => result.perSecond),
      ...(connections === 64 ? { targets: [{ of: 'ratio' as const, atLeast: 0.5 }] } : {}),
      detail: { 'p50 ms': middle('p50'), 'p99 ms': middle('p99'), 'p99.9 ms': middle('p999') },
    })
    if (connections !== 64) continue
    report.add({
      group: 'single',
      what: '64 connections: p99',
      unit: 'ms',
      store: store.map(result => result.p99),
      targets: [{ of: 'store', atMost: 10 }],
    })
  }
}

/** What tokens, quotas, checks, metrics and log lines leave of the least a durable append over HTTP costs. */
export async function storingBench({ report, lighthouse, authorization, rounds, seconds, directory }: HttpBench) {
  const storing = await startStoring(18_769, directory)
  try {
    report.heading('POST /v1/events: requests/s beside a Fastify that only stores what it has parsed')
    const headers = { authorization, 'content-type': 'application/json' }
    const bodies = EVENTS.map(event => JSON.stringify(event))
    for (const connections of CONNECTIONS) {
      const shape = { method: 'POST' as const, seconds, headers, bodies, connections }
      const { store, floor } = await pair(
        rounds,
        () => load({ ...shape, url: `${lighthouse.url}/v1/events` }),
        () => load({ ...shape, url: `${storing.url}/v1/events` }),
      )
      report.add({
        group: 'storing',
        what: `${connections} connections`,
        unit: 'requests/s',
        store: store.map(result => result.perSecond),
        floor: floor.map(result => result.perSecond),
      })
    }
  } finally {
    await storing.stop()
  }
}

export async function batchBench({ report, lighthouse, authorization, rounds, seconds }: HttpBench) {
  const groups = Array.from({ length: EVENTS.length / BATCH }, (_, at) => EVENTS.slice(at * BATCH, (at + 1) * BATCH))
  const forms = {
    json: {
      type: 'application/json',
      bodies: groups.map(events => Buffer.from(JSON.stringify({ events }))),
      floor: (body: Buffer) => {
        const { events } = JSON.parse(body.toString()) as { events: object[] }
        for (const event of events) hash('sha256', PACKR.pack(event), 'buffer')
        return events.length
      },
      name: 'bare parse + encode + hash',
    },
    msgpack: {
      type: 'application/msgpack',
      bodies: groups.map(events => Buffer.from(PACKR.pack({ events }))),
      floor: (body: Buffer) => {
        const each = Math.floor(body.length / BATCH)
        for (let at = 0; at < BATCH; at++) hash('sha256', body.subarray(at * each, (at + 1) * each), 'buffer')
        return BATCH
      },
      name: 'bare hash',
    },
  }
  report.heading('POST /v1/events/batch, 100 events of 1 KB, durable: events/s')
  for (const [form, { type, bodies, floor, name }] of Object.entries(forms)) {
    for (const connections of [1, 8]) {
      const headers = { authorization, 'content-type': type }
      const url = `${lighthouse.url}/v1/events/batch`
      const { store, floor: bare } = await pair(
        rounds,
        () => load({ url, method: 'POST', headers, bodies, connections, seconds }),
        () => pace(turn => floor(bodies[turn % bodies.length] as Buffer)),
      )
      report.add({
        group: 'batch',
        what: `${form}, ${connections} connections, beside ${name}`,
        unit: 'events/s',
        store: store.map(result => result.perSecond * BATCH),
        floor: bare.map(result => result.perSecond),
        ...(connections === 8 ? { targets: [{ of: 'ratio' as const, atLeast: 0.6 }] } : {}),
        detail: { 'p50 ms': median(store.map(r => r.p50)), 'p99 ms': median(store.map(r => r.p99)) },
      })
    }
  }
}
