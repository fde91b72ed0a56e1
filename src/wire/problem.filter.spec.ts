// What the log has of requests that fail: each defect, and one line of all that fail for the same reason.
import { expect, test } from '@jest/globals'
import { PinoLogger } from 'nestjs-pino'
import { pino } from 'pino'
import { StoreError } from '../contract/errors.js'
import { FailureTally, ProblemFilter } from './problem.filter.js'

const lines: string[] = []
const logger = pino({ messageKey: 'message' }, { write: line => lines.push(line) })
/** The library's own writes to the first logger of the process. */
class Log extends PinoLogger {
  override get logger() {
    return logger
  }
}
const filter = new ProblemFilter(new Log({ pinoHttp: { logger } }))
const told = (error: unknown, traceId: string) =>
  filter.occurred(error, { path: '/v1/events', correlationId: 'c', traceId, isAppend: true }).detail
const logged = () => lines.splice(0).map(line => JSON.parse(line) as Record<string, unknown>)
const full = () => new StoreError('DISK_FULL', 'the disk is full', { cause: new Error('the disk is full') })

test('of requests that fail for one reason there is one line, and all their answers name it', () => {
  const details = ['t1', 't2', 't3'].map(traceId => told(full(), traceId))
  expect(details.filter(detail => detail.includes('under t1'))).toHaveLength(3)
  expect(logged()).toMatchObject([{ code: 'DISK_FULL', trace_id: 't1', message: 'a request failed' }])
})

test('another reason has a line of its own, and every defect', () => {
  told(new StoreError('READ_ONLY', 'the tail is missing'), 't4')
  told(new StoreError('READ_ONLY', 'a sync failed'), 't5')
  for (const traceId of ['t6', 't7']) expect(told(new TypeError('no'), traceId)).toContain(traceId)
  told(new StoreError('NOT_FOUND', 'There is no such event'), 't8')
  expect(logged().map(line => line['trace_id'])).toEqual(['t4', 't5', 't6', 't7'])
})

test('the first of each kind is told itself, and the others as a number that names it', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const tally = new FailureTally(resolve, 50)
  const said = ['full', 'full', 'closed', 'full'].map((kind, at) => tally.firstOf(kind, `trace-${at}`))
  expect(said).toEqual(['trace-0', 'trace-0', 'trace-2', 'trace-0'])
  // The timer holds no process open, so something else has to.
  const open = setInterval(() => undefined, 1_000)
  expect(await promise.finally(() => clearInterval(open))).toEqual({ first: 'trace-0', more: 2 })
  expect(tally.firstOf('full', 'trace-4')).toBe('trace-0')
})

test('a kind that has been quiet begins anew, and of very many kinds each is told', async () => {
  const tally = new FailureTally(() => undefined, 1)
  for (let at = 0; at < 300; at++) expect(tally.firstOf(`kind-${at}`, `trace-${at}`)).toBe(`trace-${at}`)
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const slower = new FailureTally(resolve, 50)
  for (const mark of ['a', 'b']) slower.firstOf('kind', mark)
  const open = setInterval(() => undefined, 1_000)
  await promise.finally(() => clearInterval(open))
  expect(tally.firstOf('kind-0', 'anew')).toBe('anew')
})
