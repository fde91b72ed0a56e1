// One writer and a hundred subscribers, beside bare `ws` that sends as many frames of the same bytes.
import { alternate } from '../engine/figures.js'
import { makeEvents } from '../engine/workload.js'
import { appendBatch, type LiveBench, openStream, subscribed } from './bench.js'
import { LightClient } from './light-client.js'

const SUBSCRIBERS = 100
const EVENTS = makeEvents({ count: 1_000 })
const BATCH = 100

export async function fanOutBench(bench: LiveBench): Promise<void> {
  const { report, rounds, bareUrl } = bench
  report.heading(`Fan-out of ${EVENTS.length} events of 1 KB to ${SUBSCRIBERS} subscribers, beside bare ws`)
  const clients: LightClient[] = []
  const bare: LightClient[] = []
  let frame = ''
  for (let n = 0; n < SUBSCRIBERS; n++) {
    const client = await openStream(bench)
    await subscribed(client, { id: 's' })
    clients.push(client)
    bare.push(await LightClient.open(bareUrl))
  }
  const first = clients[0] as LightClient
  first.onFrame = payload => {
    frame = payload.toString()
    first.onFrame = undefined
  }
  const timed = async (all: readonly LightClient[], begin: () => Promise<void>) => {
    const done = Promise.all(all.map(client => client.more(EVENTS.length)))
    const begun = performance.now()
    await begin()
    await done
    return (EVENTS.length * SUBSCRIBERS * 1000) / (performance.now() - begun)
  }
  const sides = {
    store: () =>
      timed(clients, async () => {
        for (let at = 0; at < EVENTS.length; at += BATCH) await appendBatch(bench, EVENTS.slice(at, at + BATCH))
      }),
    floor: () => timed(bare, async () => bare[0]?.send(JSON.stringify({ count: EVENTS.length, frame }))),
  }
  const { store, floor } = await alternate<number, typeof sides>(rounds, sides)
  report.add({
    group: 'fan-out',
    what: `${SUBSCRIBERS} subscribers, appends included`,
    unit: 'frames/s',
    store,
    floor,
    targets: [{ of: 'ratio', atLeast: 0.5 }],
  })
  for (const client of [...clients, ...bare]) client.end()
}
