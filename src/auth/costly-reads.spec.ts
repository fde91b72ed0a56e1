// Costly reads of one agent: so many at a time, the others in line in the order they came, and every slot given back.
import { expect, test } from '@jest/globals'
import { DEFAULT_WORK_LIMITS } from '../contract/work-limits.js'
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
