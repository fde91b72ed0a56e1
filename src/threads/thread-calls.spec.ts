// Proves that questions, notices and refusals cross between two threads, in order and once.
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { MessageChannel } from 'node:worker_threads'
import { StoreError } from '../contract/errors.js'
import { ThreadCalls, ThreadNotice, ThreadQuestion } from './thread-calls.js'

const DOUBLE = new ThreadQuestion<number, number>('double')
const HEARD = new ThreadNotice<string>('heard')

function threads() {
  const { port1, port2 } = new MessageChannel()
  const [one, other] = [new ThreadCalls(port1), new ThreadCalls(port2)]
  return { one, other, [Symbol.dispose]: () => port1.close() }
}

describe('what two threads ask and tell each other', () => {
  test('a question is answered to whoever asked it, in whatever order the answers are ready', async () => {
    using both = threads()
    const { promise: later, resolve } = Promise.withResolvers<void>()
    both.other.answer(DOUBLE, async asked => {
      if (asked === 1) await later
      else resolve()
      return asked * 2
    })
    deepEqual(await Promise.all([both.one.ask(DOUBLE, 1), both.one.ask(DOUBLE, 2)]), [2, 4])
  })

  test('what the other thread refuses is refused with the same code, detail and facts', async () => {
    using both = threads()
    both.other.answer(DOUBLE, () => {
      throw new StoreError('OVERLOADED', 'too much is waiting', { retryAfterSeconds: 3 })
    })
    const refused = { name: 'StoreError', code: 'OVERLOADED', message: 'too much is waiting', retryAfterSeconds: 3 }
    await rejects(both.one.ask(DOUBLE, 1), refused)
  })

  test('what comes before anybody listens waits for them, in order', async () => {
    using both = threads()
    const asked = both.one.ask(DOUBLE, 4)
    both.one.tell(HEARD, 'first')
    both.one.tell(HEARD, 'second')
    const known = new ThreadQuestion<void, string>('known')
    both.other.answer(known, () => 'all before this has come')
    await both.one.ask(known, undefined)
    const heard: string[] = []
    both.other.hear(HEARD, told => heard.push(told))
    both.other.answer(DOUBLE, value => value * 2)
    deepEqual(heard, ['first', 'second'])
    equal(await asked, 8)
  })

  test('when the other thread is gone, what was asked and what is asked then is refused, and it is told once', async () => {
    using both = threads()
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    both.one.onGone(resolve)
    const asked = both.one.ask(DOUBLE, 1)
    both.other.close()
    await rejects(asked, { code: 'STORAGE_UNAVAILABLE' })
    await gone
    await rejects(both.one.ask(DOUBLE, 2), { code: 'STORAGE_UNAVAILABLE' })
    both.one.tell(HEARD, 'nobody')
  })
})
