// Operations are remembered for their agent, within bounds, and refused when too many wait.
import { StoreError } from '../contract/errors.js'
import { OPERATIONS, Operations, type Undertaking } from './operations.service.js'

const problemOf = (error: unknown) => ({ code: (error as StoreError).code })
const undertaking = (work: () => Promise<object>, parts: Partial<Undertaking> = {}): Undertaking => {
  return { agentId: 'a', events: 1, work, problemOf, ...parts }
}

test('an operation is pending until its work has ended, one way or the other', async () => {
  const operations = new Operations()
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
  const operations = new Operations()
  const refused = new StoreError('INVALID_EVENT', 'no')
  await expect(operations.start(undertaking(() => Promise.reject(refused)))).rejects.toBe(refused)
  const thrown = undertaking(() => {
    throw refused
  })
  await expect(operations.start(thrown)).rejects.toBe(refused)
})

test('more than may wait are refused, until one has ended', async () => {
  const operations = new Operations()
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
  const operations = new Operations()
  const events = OPERATIONS.keptEventsMax / 2
  const ids: string[] = []
  for (let i = 0; i < 3; i++) ids.push(await operations.start(undertaking(async () => ({}), { events })))
  expect(ids.map(id => operations.find(id, 'a')?.status)).toEqual([undefined, 'stored', 'stored'])
})
