// Runs one row on the code of a checkout itself, without its server: it imports that checkout's own bench, which knows its code.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { appendFor, BatchSource, type LoopShape } from '../engine/append-loop.js'
import { percentile } from '../engine/figures.js'
import type { openStore } from '../engine/stores.js'
import { makeEvents } from '../engine/workload.js'
import type { buildReplayStore, EVERYTHING } from '../replay/replay-store.js'
import type { States } from '../replay/states.js'
import type { Measure } from './side.js'

const REPLAYED_EVENTS = 200_000

const [root = '', what = '', directory = ''] = process.argv.slice(2)
const own = <T>(path: string): Promise<T> => import(pathToFileURL(join(root, path)).href)
const stores = await own<{ openStore: typeof openStore }>('bench/engine/stores.ts')

interface Work {
  measure(seconds: number): Promise<Measure>
  close(): Promise<void>
}

async function appending(shape: LoopShape): Promise<Work> {
  const folder = mkdtempSync(join(directory, 'own-'))
  const store = await stores.openStore(folder)
  const source = new BatchSource(makeEvents({ count: 4_000 }), shape.batch)
  return {
    measure: async seconds => {
      const { events, seconds: took, latencies } = await appendFor(store, source, shape, seconds * 1_000)
      const perSecond = events / took
      return { perSecond, figure: shape.writers * shape.batch === 1 ? percentile(latencies, 0.5) : perSecond }
    },
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The store is made once for each side and removed by whoever has named its folder. */
async function replaying(): Promise<Work> {
  const made = await own<{ buildReplayStore: typeof buildReplayStore; EVERYTHING: typeof EVERYTHING }>(
    'bench/replay/replay-store.ts',
  )
  const { States: Own } = await own<{ States: typeof States }>('bench/replay/states.ts')
  await made.buildReplayStore(directory, REPLAYED_EVENTS)
  const store = await stores.openStore(directory)
  const states = await Own.open(store, directory)
  return {
    measure: async seconds => {
      const begun = performance.now()
      let replays = 0
      while (performance.now() - begun < seconds * 1_000) {
        await states.replay({ ...made.EVERYTHING, snapshots: false, at: REPLAYED_EVENTS })
        replays++
      }
      const perSecond = (replays * REPLAYED_EVENTS * 1_000) / (performance.now() - begun)
      return { figure: perSecond, perSecond }
    },
    close: () => store.close(),
  }
}

const shape = /^append (\d+)x(\d+)$/.exec(what)
const work = await (shape === null ? replaying() : appending({ writers: Number(shape[1]), batch: Number(shape[2]) }))
process.on('message', ({ seconds }: { readonly seconds: number }) => {
  void work.measure(seconds).then(measured => process.send?.(measured))
})
process.on('disconnect', () => void work.close().then(() => process.exit(0)))
process.send?.('ready')
