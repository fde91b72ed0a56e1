// Operations are remembered for their agent, within bounds, and refused when too many wait.
import { WorkBudgets } from '../auth/work-budgets.js'
import { StoreError } from '../contract/errors.js'
import { DEFAULT_WORK_LIMITS } from '../contract/work-limits.js'
import { OPERATIONS, Operations, type Undertaking } from './operations.service.js'

const budgets = (asyncAppends: number) => new WorkBudgets({ ...DEFAULT_WORK_LIMITS, asyncAppends })
const operationsOf = (of = budgets(2_000)) => new Operations(of)
const problemOf = (error: unknown) => ({ code: (error as StoreError).code })
const undertaking = (work: () => Promise<object>, parts: Partial<Undertaking> = {}): Undertaking => {
  return { agentId: 'a', events: 1, work, problemOf, ...parts }
}

test('an operation is pending until its work has ended, one way or the other', async () => {
  const operations = operationsOf()
  const good = Promise.withResolvers<object>()
  const bad = Promise.withResolvers<object>()
  const stored = await operations.start(undertaking(() => good.promise))
  const failed = await operations.start(undertaking(() => bad.promise))
  expect(operations.find(stored, 'a')).toEqual({ operationId: stored, status: 'pending' })
  good.resolve({ position: 1 })
  bad.reject(new StoreError('DISK_FULL', 'full'))
  await new Promise(setImmediate)
  expect(operations.find(stored, 'a')).toMatchObject({ status: 'stored', result: { position: 1 } })
  expect(operations.find(failed, 'a')).toMatchObject({ status: 'failed', problem: { code: 'DISK_FULL' } })
  expect(operations.find(stored, 'b')).toBeUndefined()
})

test('what fails at once is thrown and not kept', async () => {
  const operations = operationsOf()
  const refused = new StoreError('INVALID_EVENT', 'no')
  await expect(operations.start(undertaking(() => Promise.reject(refused)))).rejects.toBe(refused)
  const thrown = undertaking(() => {
    throw refused
  })
  await expect(operations.start(thrown)).rejects.toBe(refused)
})

test('more than may wait are refused, until one has ended', async () => {
  const operations = operationsOf()
  const work = Promise.withResolvers<object>()
  await Promise.all(
    Array.from({ length: OPERATIONS.pendingMax }, () => operations.start(undertaking(() => work.promise))),
  )
  const another = undertaking(() => Promise.resolve({}))
  await expect(operations.start(another)).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 1 })
  work.resolve({})
  await new Promise(setImmediate)
  await expect(operations.start(another)).resolves.toEqual(expect.any(String))
})

test('answers to large batches push out the oldest', async () => {
  const operations = operationsOf()
  const events = OPERATIONS.keptEventsMax / 2
  const ids: string[] = []
  for (let i = 0; i < 3; i++) ids.push(await operations.start(undertaking(async () => ({}), { events })))
  expect(ids.map(id => operations.find(id, 'a')?.status)).toEqual([undefined, 'stored', 'stored'])
})

test('one agent has so many waiting, and each that has ended makes room once', async () => {
  const held = budgets(2)
  const operations = operationsOf(held)
  const works = Array.from({ length: 3 }, () => Promise.withResolvers<object>())
  const [first, second, third] = works.map(({ promise }) => undertaking(() => promise)) as [
    Undertaking,
    Undertaking,
    Undertaking,
  ]
  await operations.start(first)
  await operations.start(second)
  await expect(operations.start(third)).rejects.toMatchObject({ code: 'WORK_LIMIT', retryAfterSeconds: 1 })
  await operations.start({ ...third, agentId: 'b' })
  works[0]?.resolve({})
  await new Promise(setImmediate)
  const throws = () => {
    throw new Error('no')
  }
  for (const refused of [() => Promise.reject(new Error('no')), throws])
    await expect(operations.start(undertaking(refused))).rejects.toThrow('no')
  expect(held.heldBy('a', 'asyncAppends')).toBe(1)
  await operations.start(third)
  for (const { reject } of works) reject(new Error('it failed'))
  await new Promise(setImmediate)
  expect([held.heldBy('a', 'asyncAppends'), held.heldBy('b', 'asyncAppends')]).toEqual([0, 0])
})
