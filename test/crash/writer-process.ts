// A process that opens a store and appends under load until it is told to close, or is killed. It tells of every append before
// it is sent, and of every answer after it came.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { ErrorCode } from '../../src/contract/errors.js'
import { Random } from '../support/random.js'
import { type Asked, type Report, requestOf, type WriterOrders } from './writer-reports.js'

const REST_MS = 70
const STREAMS = 7

/** At once and whole: what was told before a kill has been told. */
function tell(report: Report): void {
  const line = Buffer.from(`${JSON.stringify(report)}\n`)
  for (let at = 0; at < line.length; ) {
    try {
      at += writeSync(1, line, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

class Load {
  private readonly random: Random
  private appends = 0
  private ending = false
  private round: Promise<void> = Promise.resolve()

  constructor(
    private readonly store: EmbeddedStore,
    private readonly orders: WriterOrders,
  ) {
    this.random = new Random(orders.seed)
  }

  /** Rounds of appends, some of them followed by a rest long enough for the durable mark to be written. */
  begin(): void {
    if (this.ending) return
    this.round = Promise.all(Array.from({ length: this.orders.writers }, () => this.write())).then(() => {
      setTimeout(() => this.begin(), this.random.chance(0.2) ? REST_MS : 0)
    })
  }

  async end(): Promise<void> {
    this.ending = true
    await this.round
  }

  private async write(): Promise<void> {
    for (let left = this.random.between(1, 12); left > 0 && !this.ending; left--) await this.append(this.next())
  }

  private async append(asked: Asked): Promise<void> {
    const { append } = asked
    tell({ is: 'sent', ...asked })
    try {
      const { events } = await this.store.append(requestOf(asked))
      tell({ is: 'stored', append, events })
    } catch (error) {
      const { code, message } = error as { code?: ErrorCode; message: string }
      tell({ is: 'refused', append, code: code ?? 'UNKNOWN', message })
    }
  }

  private next(): Asked {
    const { random } = this
    const append = `${this.orders.name}.${this.appends++}`
    const count = random.chance(0.6) ? 1 : random.between(2, 9)
    const large = random.chance(this.orders.largeShare)
    const streams = Array.from({ length: count }, () => `s${random.below(STREAMS)}`)
    const sizes = streams.map(() => (large ? random.below(this.orders.largest) : random.below(200)))
    return { append, streams, sizes, ...(random.chance(0.3) ? { key: append } : {}) }
  }
}

async function open(orders: WriterOrders): Promise<EmbeddedStore> {
  tell({ is: 'opening' })
  const { directory, options } = orders
  const observer = {
    writeState: (state: { writable: boolean; reason?: string }) =>
      tell({ is: 'write-state', state: state.writable ? 'writable' : (state.reason ?? '') }),
  }
  const started = performance.now()
  const store = await openEmbedded({ nodeId: 'n1', ...options, directory, observer })
  const ms = performance.now() - started
  const { tornBytes, cleanStart } = store.status().details
  tell({ is: 'open', ms, tornBytes: Number(tornBytes), clean: cleanStart === true })
  return store
}

async function live(orders: WriterOrders, spoken: AsyncIterator<string>): Promise<void> {
  if (orders.waits) await spoken.next()
  const store = await open(orders)
  const load = new Load(store, orders)
  load.begin()
  await spoken.next()
  await load.end()
  await store.close()
  tell({ is: 'closed' })
}

const input = createInterface({ input: process.stdin })
const spoken = input[Symbol.asyncIterator]()
tell({ is: 'ready' })
try {
  await live(JSON.parse(process.argv[2] ?? '') as WriterOrders, spoken)
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  tell({ is: 'unopened', code: code ?? 'UNKNOWN', message })
}
input.close()
process.stdin.destroy()
