// Costly reads of one agent: so many at a time, the others in line in the order they came, and every slot given back.
import { mock } from 'node:test'
import { expect, test } from '@jest/globals'
import { until } from '../../test/support/until.js'
import { DEFAULT_WORK_LIMITS } from '../contract/work-limits.js'
import { memoryOfLimits, SharedLimits } from '../threads/shared-limits.js'
import type { SharedSignal } from '../threads/shared-signal.js'
import { CostlyReads } from './costly-reads.js'
import { WorkBudgets } from './work-budgets.js'

const ADA = { agentId: 'ada' }
const STAYS = { whenGone: (_leave: () => void) => {} }

class Read {
  readonly done = Promise.withResolvers<string>()
  begun = false
  readonly answer: Promise<string>

  constructor(reads: CostlyReads, who = ADA, exchange = STAYS) {
    this.answer = reads.run(who, exchange, () => {
      this.begun = true
      return this.done.promise
    })
    this.answer.catch(() => undefined)
  }
}

function twoAtATime() {
  const budgets = new WorkBudgets({ ...DEFAULT_WORK_LIMITS, costlyReads: 2 })
  return { budgets, reads: new CostlyReads(budgets) }
}

test('the third waits until one of two is done, and nobody comes before it', async () => {
  const { budgets, reads } = twoAtATime()
  const all = Array.from({ length: 4 }, () => new Read(reads))
  const [first, second, third, fourth] = all as [Read, Read, Read, Read]
  expect(all.map(({ begun }) => begun)).toEqual([true, true, false, false])
  expect(new Read(reads, { agentId: 'bob' }).begun).toBe(true)
  second.done.reject(new Error('it failed'))
  await expect(second.answer).rejects.toThrow('it failed')
  const late = new Read(reads)
  await Promise.resolve()
  expect([third.begun, fourth.begun, late.begun]).toEqual([true, false, false])
  for (const { done } of [...all, late]) done.resolve('events')
  expect(await Promise.all([first.answer, third.answer, fourth.answer, late.answer])).toEqual(Array(4).fill('events'))
  expect(budgets.heldBy('ada', 'costlyReads')).toBe(0)
})

test('a line that is full takes nobody more, and says so', async () => {
  const { budgets, reads } = twoAtATime()
  const all = Array.from({ length: 2 + 16 }, () => new Read(reads))
  await expect(reads.run(ADA, STAYS, async () => 'events')).rejects.toMatchObject({ code: 'WORK_LIMIT' })
  for (const { done } of all) done.resolve('events')
  await Promise.all(all.map(({ answer }) => answer))
  expect([await reads.run(ADA, STAYS, async () => 'again'), budgets.heldBy('ada', 'costlyReads')]).toEqual(['again', 0])
})

test('whoever leaves the line is not read for, and those behind come in their place', async () => {
  const { budgets, reads } = twoAtATime()
  const under = [new Read(reads), new Read(reads)]
  let leave: () => void = () => undefined
  const leaver = {
    whenGone: (gone: () => void) => {
      leave = gone
    },
  }
  const left = new Read(reads, ADA, leaver)
  const gone = new Read(reads, ADA, { whenGone: now => now() })
  const next = new Read(reads)
  leave()
  await expect(left.answer).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(gone.answer).rejects.toMatchObject({ code: 'ABORTED' })
  for (const { done } of under) done.resolve('events')
  await Promise.all(under.map(({ answer }) => answer))
  expect([left.begun, gone.begun, next.begun]).toEqual([false, false, true])
  leave()
  next.done.resolve('events')
  expect([await next.answer, budgets.heldBy('ada', 'costlyReads')]).toEqual(['events', 0])
})

/** Reads of three threads, one at a time of all of them. */
function inThreeThreads() {
  const memory = memoryOfLimits(3)
  const all = [0, 1, 2].map(thread => new SharedLimits(thread, memory))
  const readsOf = (limits: SharedLimits) =>
    new CostlyReads(new WorkBudgets({ ...DEFAULT_WORK_LIMITS, costlyReads: 1 }, limits), limits)
  const [here, busy, there] = all.map(readsOf) as [CostlyReads, CostlyReads, CostlyReads]
  // A thread that is busy with something else looks at nothing, whoever wakes it.
  mock.method(all[1]?.signal as SharedSignal, 'next', () => new Promise(() => undefined))
  return { here, busy, there, signal: all[0]?.signal as SharedSignal }
}

test('nobody comes before one who waits in a thread that is busy, and all of them do when that one leaves', async () => {
  const { here, busy, there, signal } = inThreeThreads()
  const first = new Read(here)
  let leave: () => void = () => undefined
  const leaver = {
    whenGone: (gone: () => void) => {
      leave = gone
    },
  }
  const longest = new Read(busy, ADA, leaver)
  const next = new Read(there)
  first.done.resolve('events')
  await first.answer
  const newcomer = new Read(here)
  expect(new Read(here, { agentId: 'bob' }).begun).toBe(true)
  // Until whoever was woken has looked.
  const seen: number[] = []
  await until(() => seen.push(signal.seen) > 1 && seen.at(-1) === seen.at(-2), 5)
  expect([longest.begun, next.begun, newcomer.begun]).toEqual([false, false, false])
  leave()
  await expect(longest.answer).rejects.toMatchObject({ code: 'ABORTED' })
  await until(() => next.begun, 1)
  expect(newcomer.begun).toBe(false)
  next.done.resolve('events')
  await until(() => newcomer.begun, 1)
  newcomer.done.resolve('events')
  expect(await newcomer.answer).toBe('events')
})

test('a newcomer does not come before one who waits in its own thread for what another thread gives back', async () => {
  const { here, there } = inThreeThreads()
  const first = new Read(there)
  const waiting = new Read(here)
  first.done.resolve('events')
  await first.answer
  const newcomer = new Read(here)
  await until(() => waiting.begun, 1)
  expect(newcomer.begun).toBe(false)
  waiting.done.resolve('events')
  newcomer.done.resolve('events')
  expect(await Promise.all([waiting.answer, newcomer.answer])).toEqual(['events', 'events'])
})
