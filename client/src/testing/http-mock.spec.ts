// The mock of HTTP: what it answers and does not, the same for the same seed, and how the client gets over it.
import { expect, test } from '@jest/globals'
import { Lighthouse, LighthouseError } from '../lighthouse.js'
import { failures, HttpMock, type HttpPattern, inTurn, latency, outage } from './testing.js'

const page = { events: [], next: null, head: 7 }
const answer = () => Response.json(page)

function clientOver(http: HttpMock, attempts = 8): Lighthouse {
  const retry = { attempts, firstDelayMs: 1, longestDelayMs: 2 }
  return new Lighthouse({ url: 'http://mock.example', token: 'x', fetch: http.fetch, retry })
}

test('a client gets over each kind of fault, and the mock tells of every request', async () => {
  const faults = [
    { kind: 'refuse' },
    { kind: 'lose' },
    { kind: 'cut', afterBytes: 5 },
    { kind: 'answer', status: 503 },
  ] as const
  let answered = 0
  const http = new HttpMock({
    patterns: [inTurn(faults.map(fault => ({ fault })))],
    answer: () => {
      answered++
      return answer()
    },
  })
  expect(await clientOver(http).head()).toBe(7)
  expect(http.calls.map(({ path, status }) => [path, status])).toEqual([
    ['/v1/events', undefined],
    ['/v1/events', undefined],
    ['/v1/events', 200],
    ['/v1/events', 503],
    ['/v1/events', 200],
  ])
  // One was refused before it was sent, one was answered by something in between.
  expect(answered).toBe(3)
})

test('an outage lasts from one request to another, and a client that gives up earlier says so', async () => {
  const http = new HttpMock({ patterns: [outage(1, 3)], answer })
  await expect(clientOver(http, 2).head()).rejects.toThrow(LighthouseError)
  expect(await clientOver(http, 2).head()).toBe(7)
  expect(http.calls.length).toBe(4)
})

test('a time to wait that the fault tells of reaches the caller', async () => {
  const fault = { kind: 'answer', status: 429, retryAfterSeconds: 90 } as const
  const http = new HttpMock({ patterns: [inTurn([{ fault }])], answer })
  await expect(clientOver(http).head()).rejects.toMatchObject({ status: 429, retryAfterSeconds: 90 })
})

test('delays add up, end with the signal of the caller, and are drawn the same from the same seed', async () => {
  const drawn: number[][] = []
  for (const seed of ['one', 'one', 'two']) {
    const delays: number[] = []
    const noted: HttpPattern = turn => {
      const fate = latency({ fromMs: 0, toMs: 1_000, slowShare: 0.5, slowMs: 5_000 })(turn)
      delays.push(fate?.delayMs ?? 0)
      return failures(0.5, [{ kind: 'refuse' }])(turn)
    }
    const http = new HttpMock({ seed, patterns: [noted], answer })
    for (let i = 0; i < 10; i++) await http.fetch('http://mock.example/').catch(() => undefined)
    drawn.push([...delays, ...http.calls.map(({ fault }) => (fault === undefined ? 0 : 1))])
  }
  expect(drawn[0]).toEqual(drawn[1])
  expect(drawn[0]).not.toEqual(drawn[2])

  const slow = new HttpMock({ patterns: [latency({ fromMs: 60_000, toMs: 60_000 })], answer })
  await expect(slow.fetch('http://mock.example/', { signal: AbortSignal.timeout(5) })).rejects.toMatchObject({
    name: 'TimeoutError',
  })
})
