// A process of its own that opens a store: to measure the opening and the memory, or to append until it is killed.
import { BatchSource } from './append-loop.js'
import { residentBytes } from './machine.js'
import { openStore } from './stores.js'
import { makeEvents, randomNumbers } from './workload.js'

export interface Opened {
  readonly openMs: number
  readonly head: number
  readonly residentBytes: number
  readonly heapBytes: number
  /** After a few thousand reads of every kind, when the caches have filled. */
  readonly usedResidentBytes: number
  readonly bareResidentBytes: number
}

async function measure(directory: string): Promise<Opened> {
  globalThis.gc?.()
  const bareResidentBytes = residentBytes()
  const started = performance.now()
  const store = await openStore(directory)
  const openMs = performance.now() - started
  globalThis.gc?.()
  const opened = {
    openMs,
    head: store.head(),
    bareResidentBytes,
    residentBytes: residentBytes(),
    heapBytes: process.memoryUsage().heapUsed,
  }
  const random = randomNumbers(3)
  for (let turn = 0; turn < 3_000; turn++) {
    const event = await store.find(1 + Math.floor(random() * store.head()))
    if (event === undefined || turn % 10 > 0) continue
    await store.find(event.id)
    for await (const found of store.read({ filter: { streams: [event.stream] }, after: event.position - 1, limit: 20 }))
      void found.data
  }
  globalThis.gc?.()
  const usedResidentBytes = residentBytes()
  await store.close()
  return { ...opened, usedResidentBytes }
}

async function appendForEver(directory: string): Promise<void> {
  const store = await openStore(directory)
  const source = new BatchSource(makeEvents({ count: 4_000 }), 10)
  process.stdout.write('appending\n')
  const writer = async (number: number): Promise<never> => {
    for (;;) await store.append({ events: source.next(), author: { agentId: `agent-${number}` } })
  }
  await Promise.all(Array.from({ length: 16 }, (_, number) => writer(number)))
}

const [mode, directory] = process.argv.slice(2)
if (mode === 'append' && directory !== undefined) await appendForEver(directory)
else if (mode === 'measure' && directory !== undefined)
  process.stdout.write(`${JSON.stringify(await measure(directory))}\n`)
