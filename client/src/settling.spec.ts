// What is said of deliveries is said once, and nobody waits for ever for its answer.
import { expect, test } from '@jest/globals'
import type { Delivery } from './delivery.js'
import { LighthouseError } from './errors.js'
import type { AnyEvent } from './event.js'
import { Settling } from './settling.js'

const MOST_REQUESTS = 10

/** Acknowledges `tokens` at a group that finds these indexes stale for as long as it is asked. */
async function settled(tokens: readonly string[], stale: (asked: readonly string[]) => readonly number[]) {
  const requests: (readonly string[])[] = []
  const settling = new Settling<AnyEvent>({
    ack: async asked => {
      requests.push(asked)
      const errors = stale(asked).map(at => ({ pointer: `/tokens/${at}`, detail: 'is stale' }))
      // Whoever asks again and again is stopped by a failure of another kind.
      if (requests.length > MOST_REQUESTS) throw new LighthouseError('INTERNAL', 'asked too often')
      if (errors.length > 0) throw new LighthouseError('STALE_DELIVERY', 'stale', { errors })
    },
    nack: async () => undefined,
  })
  const answers = await Promise.allSettled(tokens.map(token => settling.ack({ token } as Delivery)))
  const told = answers.map(answer => (answer.status === 'fulfilled' ? 'settled' : (answer.reason.code as string)))
  return { requests, told }
}

test('what is stale is left out, and the rest is sent again', async () => {
  const { requests, told } = await settled(['a', 'b', 'c'], asked => (asked.includes('b') ? [asked.indexOf('b')] : []))
  expect(told).toEqual(['settled', 'STALE_DELIVERY', 'settled'])
  expect(requests).toEqual([['a'], ['b', 'c'], ['c']])
})

test('a server that names only what was not sent is not asked the same again', async () => {
  const { requests, told } = await settled(['a', 'b', 'c'], () => [7, 1_000])
  expect(told).toEqual(['STALE_DELIVERY', 'STALE_DELIVERY', 'STALE_DELIVERY'])
  expect(requests).toEqual([['a'], ['b', 'c']])
})
