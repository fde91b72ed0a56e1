// Consumer groups against the real server: every verb, and the loop that takes, works and settles, through cuts and a kill.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { tries } from '../../test/support/effort.js'
import type { RunningServer } from '../../test/support/running-server.js'
import type { LighthouseError, NewEvent } from '../src/lighthouse.js'
import { CuttingProxy } from './support/cutting-proxy.js'
import { LosingProxy } from './support/losing-proxy.js'
import { all, clientOf, startServer } from './support/server-and-client.js'

const CUTS = tries(100, 25)

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.stop())

const offered = (stream: string, count: number, from = 0): NewEvent[] =>
  Array.from({ length: count }, (_, n) => ({ type: 'Offered', stream, data: { n: from + n } }))

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

const numbersOf = (deliveries: readonly { readonly event: { readonly data: unknown } }[]) =>
  deliveries.map(({ event }) => (event.data as { readonly n: number }).n)

describe('by hand', () => {
  test('a group is defined, looked at, listed and deleted', async () => {
    const lighthouse = clientOf(server)
    const group = lighthouse.group('by-hand')
    expect(await group.status()).toBeUndefined()
    const defined = await group.define({ streams: 'by-hand/*', after: 'start', maxAttempts: 2, ordering: 'stream' })
    expect(defined).toMatchObject({
      name: 'by-hand',
      filter: { streams: ['by-hand/*'] },
      start: 0,
      maxAttempts: 2,
      definedBy: 'tester',
      progress: { inFlight: 0, parked: 0, stalled: null },
    })
    expect(await group.define({ streams: 'by-hand/*', after: 'start', maxAttempts: 2, ordering: 'stream' })).toEqual(
      await group.status(),
    )
    await expect(group.define({ streams: 'other', after: 'start' })).rejects.toMatchObject({
      code: 'SUBSCRIPTION_CONFLICT',
      status: 409,
    })
    expect((await all(lighthouse.groups())).map(({ name }) => name)).toContain('by-hand')
    await group.delete()
    expect(await group.status()).toBeUndefined()
  })

  test('a deletion whose answer is lost has succeeded; one of a group that never was has not', async () => {
    const lighthouse = clientOf(server)
    const proxy = await LosingProxy.before(server.url, 'DELETE', 1)
    try {
      await lighthouse.group('deleted').define()
      await clientOf(proxy).group('deleted').delete()
      expect([proxy.lost, await lighthouse.group('deleted').status()]).toEqual([1, undefined])
    } finally {
      await proxy.stop()
    }
    await expect(lighthouse.group('deleted').delete()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('events are taken, acknowledged, returned, skipped, parked, replayed and discarded', async () => {
    const lighthouse = clientOf(server)
    const group = lighthouse.group('settled')
    await group.define({ streams: 'settled', after: 'start' })
    await lighthouse.append(offered('settled', 5))
    const taken = await group.take({ max: 5 })
    expect([numbersOf(taken), taken.map(({ attempt }) => attempt)]).toEqual([upTo(5), [1, 1, 1, 1, 1]])
    const tokens = taken.map(({ token }) => token) as [string, string, string, string, string]
    await group.ack([tokens[0]])
    await group.nack([tokens[1]], { action: 'retry', reason: 'not yet' })
    await group.nack([tokens[2]], { action: 'skip' })
    await group.nack([tokens[3], tokens[4]], { action: 'park', reason: 'x'.repeat(1_000) })
    await group.ack([tokens[0]])
    await expect(group.ack([tokens[0], 'no token'])).rejects.toMatchObject({ code: 'STALE_DELIVERY', status: 409 })
    const again = await group.take()
    expect([numbersOf(again), again[0]?.attempt]).toEqual([[1], 2])
    await group.ack(again.map(({ token }) => token))
    const parked = await all(group.parked())
    expect(parked.map(({ reason, event }) => [reason.length, event?.data])).toEqual([
      [512, { n: 3 }],
      [512, { n: 4 }],
    ])
    expect(await group.discardParked([parked[0]?.position as number])).toBe(1)
    expect(await group.replayParked()).toBe(1)
    expect(numbersOf(await group.take())).toEqual([4])
    expect(await group.take({ waitSeconds: 0 })).toEqual([])
    expect(await group.status()).toMatchObject({ progress: { inFlight: 1, parked: 0 } })
  })
})

describe('consume', () => {
  test('hands out everything once to all consumers together, no more at a time than they have hands', async () => {
    const count = tries(300, 100)
    const lighthouse = clientOf(server)
    const group = lighthouse.group('workers')
    await group.define({ streams: 'workers', after: 'start' })
    const controller = new AbortController()
    const done: number[] = []
    let running = 0
    let most = 0
    const consumers = [1, 2, 3].map(() =>
      group.consume(
        async event => {
          most = Math.max(most, ++running)
          await lighthouse.event(event.id)
          running--
          if (done.push(event.data['n'] as number) === count) controller.abort()
        },
        { concurrency: 4, signal: controller.signal },
      ),
    )
    await lighthouse.append(offered('workers', count))
    await Promise.all(consumers)
    expect(done.toSorted((a, b) => a - b)).toEqual(upTo(count))
    expect(most).toBeLessThanOrEqual(12)
    expect((await group.status())?.progress).toMatchObject({ inFlight: 0, retrying: 0, lag: 0 })
  })

  test('with one hand keeps the order', async () => {
    const lighthouse = clientOf(server)
    const group = lighthouse.group('ordered')
    await group.define({ streams: 'ordered', after: 'start' })
    await lighthouse.append(offered('ordered', 20))
    const controller = new AbortController()
    const done: number[] = []
    const handler = (event: { readonly data: { readonly [name: string]: unknown } }) => {
      if (done.push(event.data['n'] as number) === 20) controller.abort()
    }
    await group.consume(handler, { signal: controller.signal })
    expect(done).toEqual(upTo(20))
  })

  test('a handler that fails gets its event again; one that says so has it parked or skipped', async () => {
    const lighthouse = clientOf(server)
    const group = lighthouse.group('failing')
    await group.define({ streams: 'failing', after: 'start' })
    await lighthouse.append(offered('failing', 4))
    const controller = new AbortController()
    const attempts: [number, number][] = []
    await group.consume(
      (event, { attempt }) => {
        const n = event.data['n'] as number
        attempts.push([n, attempt])
        if (n === 0 && attempt === 1) throw new Error('once')
        if (n === 1) throw new Error('poison')
        if (n === 2) throw new Error('needless')
        if (attempts.length === 5) controller.abort()
      },
      {
        signal: controller.signal,
        onFailure: error => {
          const { message } = error as Error
          if (message === 'poison') return { action: 'park', reason: message }
          return message === 'needless' ? { action: 'skip' } : { action: 'retry', delaySeconds: 0, reason: message }
        },
      },
    )
    expect(attempts.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])).toEqual([
      ...[
        [0, 1],
        [0, 2],
        [1, 1],
        [2, 1],
        [3, 1],
      ],
    ])
    expect((await all(group.parked())).map(({ reason }) => reason)).toEqual(['poison'])
    expect((await group.status())?.progress).toMatchObject({ inFlight: 0, retrying: 0, parked: 1 })
  })

  test('without a word of its own a failure is tried again a second later', async () => {
    const lighthouse = clientOf(server)
    const group = lighthouse.group('later')
    await group.define({ streams: 'later', after: 'start' })
    await lighthouse.append(offered('later', 1))
    const controller = new AbortController()
    const times: number[] = []
    const handler = () => {
      if (times.push(Date.now()) === 1) throw new Error('not yet')
      controller.abort()
    }
    await group.consume(handler, { signal: controller.signal })
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(900)
  })

  test('what could not be settled is told: another has it', async () => {
    const lighthouse = clientOf(server)
    const group = lighthouse.group('slow')
    await group.define({ streams: 'slow', after: 'start', ackTimeoutSeconds: 1 })
    await lighthouse.append(offered('slow', 1))
    const controller = new AbortController()
    const unsettled: unknown[] = []
    await group.consume(
      async event => {
        // The deadline passes while this waits for it, and the same event is given to it as to another.
        const [other] = await group.take()
        expect(other).toMatchObject({ attempt: 2, event: { id: event.id } })
        await group.ack([other?.token as string])
        controller.abort()
      },
      {
        signal: controller.signal,
        onUnsettled: (error, { event }) => unsettled.push([(error as LighthouseError).code, event.data['n']]),
      },
    )
    expect(unsettled).toEqual([['STALE_DELIVERY', 0]])
    expect((await group.status())?.progress).toMatchObject({ inFlight: 0, retrying: 0 })
  })

  test('ends when its signal does, when it can never go on, and when a callback throws', async () => {
    const group = clientOf(server).group('ending')
    await expect(group.consume(() => undefined)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await group.define({ streams: 'ending', after: 'start' })
    const controller = new AbortController()
    const idle = group.consume(() => undefined, { signal: controller.signal })
    controller.abort()
    await idle
    await group.consume(() => undefined, { signal: AbortSignal.abort() })
    await clientOf(server).append(offered('ending', 1))
    const failing = group.consume(() => Promise.reject(new Error('no')), {
      onFailure: () => {
        throw new Error('at a loss')
      },
    })
    await expect(failing).rejects.toThrow('at a loss')
    expect(() => group.consume(() => undefined, { concurrency: 0 })).toThrow(TypeError)
  })

  test(`through ${CUTS} cuts everything is handled, and the books are empty at the end`, async () => {
    const proxy = await CuttingProxy.before(server.url, { seed: 11, bytes: [1_000, 12_000], cuts: CUTS })
    try {
      const direct = clientOf(server)
      const group = direct.group('cut')
      await group.define({ streams: 'cut', after: 'start', ackTimeoutSeconds: 1, maxAttempts: 100 })
      const controller = new AbortController()
      const { signal } = controller
      const handled = new Set<number>()
      const handler = (event: { readonly position: number }) => void handled.add(event.position)
      const consumers = upTo(4).map(() => clientOf(proxy).group('cut').consume(handler, { concurrency: 8, signal }))
      for (let n = 0; proxy.cuts < CUTS; n += 4) await direct.append(offered('cut', 4, n))
      await finished(group)
      controller.abort()
      await Promise.all(consumers)
      const stored = await all(direct.read({ streams: 'cut' }))
      expect([...handled].toSorted((a, b) => a - b)).toEqual(stored.map(({ position }) => position))
      expect(await group.status()).toMatchObject({ progress: { parked: 0, inFlight: 0, lag: 0 } })
    } finally {
      await proxy.stop()
    }
  }, 120_000)

  test('goes on when the server has been killed and has come back', async () => {
    const first = await startServer()
    const proxy = await CuttingProxy.before(first.url, { seed: 1, bytes: [1, 1], cuts: 0 })
    const lighthouse = clientOf(proxy)
    const group = lighthouse.group('survived')
    await group.define({ streams: 'survived', after: 'start', ackTimeoutSeconds: 1 })
    await lighthouse.append(offered('survived', 40))
    const controller = new AbortController()
    const done = new Set<number>()
    const half = Promise.withResolvers<void>()
    const consuming = group.consume(
      event => {
        done.add(event.data['n'] as number)
        if (done.size === 20) half.resolve()
        if (done.size === 40) controller.abort()
      },
      { concurrency: 5, signal: controller.signal },
    )
    await half.promise
    process.kill(first.pid, 'SIGKILL')
    await first.end()
    const second = await startServer({}, first.directory)
    proxy.lead(second.url)
    await consuming
    expect(done.size).toBe(40)
    await proxy.stop()
    await second.stop()
  }, 60_000)
})

/** Resolves when everything the group knows of is settled. Looking costs the server little, and each look waits for its answer. */
async function finished(group: { status(): Promise<{ readonly progress: { readonly lag: number } } | undefined> }) {
  while ((await group.status())?.progress.lag !== 0);
}
