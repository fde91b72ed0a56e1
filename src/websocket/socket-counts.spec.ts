// Sockets whose token is not known are counted over all threads, each until it closes.
import { Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { Access } from '../auth/access.js'
import { Quotas } from '../auth/quotas.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import { defaultQuotas } from '../config/figures.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { memoryOfLimits, SharedLimits } from '../threads/shared-limits.js'
import { SocketCounts } from './socket-counts.service.js'

const TOO_MANY = expect.objectContaining({ code: 'WORK_LIMIT' })

/** What each of two threads counts, and the writer, which forgets one that has ended. */
async function threads() {
  const memory = memoryOfLimits(3)
  const countsOf = async (thread: number) => {
    const limits = new SharedLimits(thread, memory)
    const budgets = new WorkBudgets(undefined, limits)
    return new SocketCounts(new Quotas(defaultQuotas, limits), budgets, await metricsUnderTest(), limits)
  }
  return { one: await countsOf(1), two: await countsOf(2), writer: new SharedLimits(0, memory) }
}

function admitted(counts: SocketCounts, address: string, count = 1): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = new Socket()
    counts.admitStranger(socket, address)
    return socket
  })
}

const closed = (socket: Socket) => new Promise(done => socket.once('close', done).destroy())

test('an address has so many sockets without a token in all threads, and another when one closes or tells who it is', async () => {
  const { one, two } = await threads()
  const [first] = admitted(one, '192.0.2.1', FRAME_LIMITS.strangersOfAddress - 1) as [Socket]
  const [last] = admitted(two, '192.0.2.1') as [Socket]
  for (const counts of [one, two]) expect(() => admitted(counts, '192.0.2.1')).toThrow(TOO_MANY)
  admitted(two, '192.0.2.2')
  await closed(first)
  admitted(two, '192.0.2.1')
  expect(() => admitted(one, '192.0.2.1')).toThrow(TOO_MANY)
  two.admitAgent(last, new Access({ agentId: 'ada', role: 'agent' }))
  admitted(one, '192.0.2.1')
  expect(() => admitted(one, '192.0.2.1')).toThrow(TOO_MANY)
})

test('there are so many in all, and those of a thread that has ended are none', async () => {
  const { one, two, writer } = await threads()
  for (let n = 0; n < FRAME_LIMITS.strangers / 2; n++) {
    admitted(one, `192.0.2.${n}`)
    admitted(two, `2001:db8::${n}`)
  }
  for (const counts of [one, two]) expect(() => admitted(counts, '198.51.100.1')).toThrow(TOO_MANY)
  writer.forget(1)
  admitted(two, '198.51.100.1', FRAME_LIMITS.strangersOfAddress)
  expect(() => admitted(two, '198.51.100.1')).toThrow('at most 128')
})
