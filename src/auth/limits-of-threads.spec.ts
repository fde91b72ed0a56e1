// Limits that are one for all threads, with threads: together they are given what one would be, and nothing is lost with one of them.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from '@jest/globals'
import type { LimitsTask, LimitsThreadData } from '../../test/support/limits-thread.js'
import { until } from '../../test/support/until.js'
import { defaultQuotas } from '../config/figures.js'
import { DEFAULT_WORK_LIMITS } from '../contract/work-limits.js'
import { memoryOfLimits, SharedLimits } from '../threads/shared-limits.js'
import { WRITER_THREAD } from '../threads/this-thread.js'
import { Access } from './access.js'
import { AddressLimit } from './address-limit.js'
import { CostlyReads } from './costly-reads.js'
import { Quotas } from './quotas.js'
import { WorkBudgets } from './work-budgets.js'

const QUOTA = { requestsPerMinute: 10_000, eventsPerMinute: 25_003, bytesPerMinute: 1, batch: 100 }
const workLimits = { ...DEFAULT_WORK_LIMITS, waits: 5_000, costlyReads: 1 }
const failuresPerMinute = 5_000
const ADA = new Access({ agentId: 'ada', role: 'agent' })
/** In which the clock of quotas stands still, so that nothing is refilled. */
const STOPPED = { now: () => 0n }

const threads: LimitsThread[] = []
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.worker.terminate()
})

class LimitsThread {
  readonly worker: Worker
  private readonly heard: unknown[] = []

  constructor(workerData: LimitsThreadData) {
    const script = new URL('../../test/support/limits-thread.ts', import.meta.url)
    const execArgv = ['--import', new URL('../../scripts/typescript.mjs', import.meta.url).href]
    this.worker = new Worker(script, { workerData, execArgv })
    this.worker.on('message', message => this.heard.push(message))
    threads.push(this)
  }

  tell(task: LimitsTask): void {
    this.worker.postMessage(task)
  }

  /** What it says next. */
  async says(): Promise<unknown> {
    while (this.heard.length === 0) await once(this.worker, 'message')
    return this.heard.shift()
  }

  get hasSaidMore(): boolean {
    return this.heard.length > 0
  }
}

/** A writer, which is this thread, and two front threads. */
async function threeThreads() {
  const memory = memoryOfLimits(3, STOPPED)
  const quotas = { ...defaultQuotas, agent: QUOTA }
  const gate = new SharedArrayBuffer(4)
  const front = (thread: number) => new LimitsThread({ thread, memory, quotas, workLimits, failuresPerMinute, gate })
  const [one, two] = [front(1), front(2)]
  expect([await one.says(), await two.says()]).toEqual(['ready', 'ready'])
  const limits = new SharedLimits(WRITER_THREAD, memory, STOPPED)
  const both = async (task: LimitsTask): Promise<number> => {
    one.tell(task)
    two.tell(task)
    return Number(await one.says()) + Number(await two.says())
  }
  return {
    memory,
    limits,
    one,
    two,
    both,
    budgets: new WorkBudgets(workLimits, limits),
    quotas: new Quotas(quotas, limits),
  }
}

test('two threads that charge an agent at once charge exactly its quota, and what is refused charges nothing', async () => {
  const { both, quotas } = await threeThreads()
  const admitted = await both({ charge: 'ada', times: 9_000, events: 3, together: 2 })
  expect(admitted).toBe(Math.floor(QUOTA.eventsPerMinute / 3))
  const { requests, events, bytes } = quotas.allowances(ADA)
  expect(requests.left).toBe(QUOTA.requestsPerMinute - admitted)
  expect(events.left).toBe(QUOTA.eventsPerMinute - 3 * admitted)
  expect(bytes.left).toBe(1)
  expect(() => quotas.charge(ADA, { events: 3 })).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }))
})

test('two threads that take at once are given exactly the limit, and what a thread held that was terminated comes back', async () => {
  const { both, limits, budgets, one } = await threeThreads()
  expect(await both({ take: 'ada', times: 4_000, together: 2 })).toBe(5_000)
  expect(budgets.heldBy('ada', 'waits')).toBe(5_000)
  expect(() => budgets.take('ada', 'waits')).toThrow(expect.objectContaining({ code: 'WORK_LIMIT' }))
  await one.worker.terminate()
  expect(budgets.heldBy('ada', 'waits')).toBe(5_000)
  limits.forget(1)
  const left = budgets.heldBy('ada', 'waits')
  expect(left).toBeGreaterThanOrEqual(1_000)
  expect(left).toBeLessThanOrEqual(4_000)
  for (let n = left; n < 5_000; n++) budgets.take('ada', 'waits')
  expect(() => budgets.take('ada', 'waits')).toThrow(expect.objectContaining({ code: 'WORK_LIMIT' }))
})

test('failed tokens of an address are counted over two threads, to exactly the limit', async () => {
  const { both, limits } = await threeThreads()
  expect(await both({ fail: '192.0.2.1', times: 4_000, together: 2 })).toBe(failuresPerMinute)
  const failures = new AddressLimit(failuresPerMinute, 'failed tokens', limits)
  expect([failures.admits('192.0.2.1'), failures.admits('192.0.2.2')]).toEqual([false, true])
})

test('a thread that is terminated in the midst of taking and giving back leaves nothing taken and nothing locked', async () => {
  const { limits, budgets, one, two } = await threeThreads()
  for (const thread of [one, two]) thread.tell({ churn: 'ada' })
  await until(() => budgets.heldBy('ada', 'bufferedBytes') > 0, 1)
  for (const [n, thread] of [one, two].entries()) {
    await thread.worker.terminate()
    limits.forget(n + 1)
  }
  expect(budgets.heldBy('ada', 'bufferedBytes')).toBe(0)
  const all = budgets.take('ada', 'bufferedBytes', workLimits.bufferedBytes)
  expect(budgets.heldBy('ada', 'bufferedBytes')).toBe(workLimits.bufferedBytes)
  all()
  expect(budgets.heldBy('ada', 'bufferedBytes')).toBe(0)
})

/** A costly read of Ada in this thread. */
function readHere(reads: CostlyReads) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const read = { begun: false, end: resolve, answer: Promise.resolve() }
  read.answer = reads.run(ADA, { whenGone: () => undefined }, () => {
    read.begun = true
    return promise
  })
  return read
}

test('whoever has waited longest in any thread reads next, though the one before ended in another', async () => {
  const { memory, budgets, one, two } = await threeThreads()
  const reads = new CostlyReads(budgets, new SharedLimits(WRITER_THREAD, memory))
  const first = readHere(reads)
  expect(first.begun).toBe(true)
  for (const thread of [one, two]) {
    thread.tell({ read: 'ada' })
    expect(await thread.says()).toBe('in line')
  }
  const last = readHere(reads)
  first.end()
  await first.answer
  expect(await one.says()).toBe('begun')
  expect([last.begun, two.hasSaidMore]).toEqual([false, false])
  one.tell({ endRead: 'ada' })
  expect(await two.says()).toBe('begun')
  expect(last.begun).toBe(false)
  two.tell({ endRead: 'ada' })
  await until(() => last.begun, 1)
  last.end()
  await last.answer
  expect(budgets.heldBy('ada', 'costlyReads')).toBe(0)
})

test('a thread that is terminated leaves its place in line and what it was reading to the others', async () => {
  const { memory, limits, budgets, one, two } = await threeThreads()
  const reads = new CostlyReads(budgets, new SharedLimits(WRITER_THREAD, memory))
  one.tell({ read: 'ada' })
  expect(await one.says()).toBe('begun')
  two.tell({ read: 'ada' })
  expect(await two.says()).toBe('in line')
  const here = readHere(reads)
  await two.worker.terminate()
  limits.forget(2)
  one.tell({ endRead: 'ada' })
  await until(() => here.begun, 1)
  here.end()
  await here.answer
  one.tell({ read: 'ada' })
  expect(await one.says()).toBe('begun')
  const next = readHere(reads)
  expect(next.begun).toBe(false)
  await one.worker.terminate()
  limits.forget(1)
  await until(() => next.begun, 1)
  next.end()
  await next.answer
})
