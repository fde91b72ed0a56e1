// Everything there is, to one subscriber, beside the same events read as lines of NDJSON.
import { connect } from 'node:net'
import { alternate } from '../engine/figures.js'
import { makeEvents, PACKR } from '../engine/workload.js'
import { appendBatch, type LiveBench } from './bench.js'
import { LightClient } from './light-client.js'

const STORED = 30_000
const BATCH = 500

export async function catchUpBench(bench: LiveBench): Promise<void> {
  const { report, rounds } = bench
  report.heading(`Catching up with ${STORED} events of 1 KB, beside reading them as NDJSON`)
  const events = makeEvents({ count: STORED, seed: 11 })
  const head = await headOf(bench)
  for (let at = 0; at < STORED; at += BATCH) await appendBatch(bench, events.slice(at, at + BATCH))
  const sides = {
    floor: () => lines(bench, head),
    json: () => followed(bench, head, 'json'),
    msgpack: () => followed(bench, head, 'msgpack'),
    sse: () => lines(bench, head, 'text/event-stream'),
  }
  const { floor, json, msgpack, sse } = await alternate<number, typeof sides>(rounds, sides)
  for (const [what, store] of Object.entries({ 'WebSocket, json': json, 'WebSocket, msgpack': msgpack, sse })) {
    const targets = [{ of: 'ratio' as const, atLeast: 0.5 }]
    report.add({ group: 'catch-up', what, unit: 'events/s', store, floor, targets })
  }
}

async function headOf({ lighthouse, authorization }: LiveBench): Promise<number> {
  const answer = await fetch(`${lighthouse.url}/v1/events?limit=1`, { headers: { authorization } })
  return ((await answer.json()) as { head: number }).head
}

async function followed(bench: LiveBench, after: number, form: 'json' | 'msgpack'): Promise<number> {
  const client = await LightClient.open(bench.lighthouse.url, {
    Authorization: bench.authorization,
    'Sec-WebSocket-Protocol': `lighthouse.v1.${form}`,
  })
  const frame = { type: 'subscribe', id: 's', after }
  const begun = performance.now()
  const caughtUp = new Promise<void>(resolve => {
    client.onFrame = payload => {
      if (payload.length < 200 && payload.includes('caughtUp')) resolve()
    }
  })
  client.send(form === 'json' ? JSON.stringify(frame) : PACKR.pack(frame))
  await caughtUp
  if (client.frames < STORED) throw new Error(`caught up after ${client.frames} frames`)
  const perSecond = (STORED * 1000) / (performance.now() - begun)
  client.end()
  return perSecond
}

/** Over a bare socket, so that the client costs as little as the other one; what tells that it is over is in the last bytes. */
function lines(
  { lighthouse, authorization }: LiveBench,
  after: number,
  accept = 'application/x-ndjson',
): Promise<number> {
  const { hostname, port, host } = new URL(lighthouse.url)
  const last = accept === 'text/event-stream' ? '"type":"caughtUp"' : '"type":"end"'
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.write(
      `GET /v1/events?after=${after} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\nAccept: ${accept}\r\n\r\n`,
    )
    let tail = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('data', (bytes: Buffer) => {
      tail = Buffer.concat([tail.subarray(-200), bytes.subarray(-400)])
      if (!tail.includes(last)) return
      resolve((STORED * 1000) / (performance.now() - begun))
      socket.destroy()
    })
  })
}
