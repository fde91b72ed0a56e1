// The bench against the server in process: it writes only where it may, and its figures are those of what it did.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { tokenOf } from '../../../test/support/running-server.js'
import { type ServerInProcess, startFakeServer } from '../../../test/support/server-on-a-disk.js'
import { run } from '../run.js'
import { latenciesOf } from './bench.js'

let server: ServerInProcess
let token: string

beforeAll(async () => {
  server = await startFakeServer()
  token = await tokenOf({ sub: 'operator', role: 'admin' })
})

afterAll(() => server.stop())

async function words(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const terminal = { out: (text: string) => out.push(text), err: (text: string) => err.push(text), env: {} }
  const code = await run(args, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('it says how fast appends and reads are, below streams of its own, and what the figures are not', async () => {
  const { code, out } = await words(
    ...['bench', '--server', server.url, '--token', token, '--duration', '1', '--connections', '2', '--json'],
  )
  expect(code).toBe(0)
  const { of, streams, measured, caveats } = JSON.parse(out)
  expect([of, caveats.length > 0]).toEqual([server.url, true])
  expect(streams).toMatch(/^agent_operator\/bench-\w+\/\*$/)
  expect(measured.map(({ name }: { name: string }) => name)).toEqual([
    'append 1 event',
    'append 100 events',
    'read 100 events',
  ])
  for (const { events, requests, eventsPerSecond, medianMs, p99Ms, maxMs } of measured) {
    expect(events).toBeGreaterThanOrEqual(requests)
    expect(eventsPerSecond).toBeGreaterThan(0)
    expect(0 < medianMs && medianMs <= p99Ms && p99Ms <= maxMs).toBe(true)
  }
  const listed = await words('streams', '--server', server.url, '--token', token, '--json')
  expect(listed.out.split('\n').map(line => JSON.parse(line).stream)).toEqual(
    ['0', '1'].map(connection => streams.replace('*', connection)),
  )
})

test('rows tell how many events a batch and a page held, which are fewer when events are large', async () => {
  const { out } = await words(
    ...['bench', '--server', server.url, '--token', token, '--duration', '1', '--connections', '2', '--json'],
    ...['--size', '50000'],
  )
  const { measured } = JSON.parse(out)
  expect(measured.map(({ name }: { name: string }) => name)).toEqual([
    'append 1 event',
    'append 40 events',
    'read 40 events',
  ])
  expect(measured.map(({ events, requests }: Record<string, number>) => Number(events) / Number(requests))).toEqual([
    ...[1, 40, 40],
  ])
})

test('it does not write to a server elsewhere unless that is said to be meant', async () => {
  const { code, err } = await words('bench', '--server', 'http://lighthouse.example', '--token', 't')
  expect([code, err.split('\n')[0]]).toEqual([
    2,
    'lighthouse bench: it writes events that stay, and http://lighthouse.example is not this machine: say --yes if that is meant',
  ])
})

test('a directory that is not there is told, and nothing is left to do at the end', async () => {
  const listeners = process.listenerCount('exit')
  const { code, err } = await words('bench', '--data', '/nowhere/at/all')
  expect([code, err]).toEqual([3, expect.stringContaining("ENOENT: no such file or directory, mkdtemp '/nowhere")])
  expect(process.listenerCount('exit')).toBe(listeners)
})

test('the figures of a hundred times are the one in the middle and the largest', () => {
  const times = Array.from({ length: 100 }, (_, n) => 100 - n)
  expect(latenciesOf(times)).toEqual({ requests: 100, medianMs: 51, p99Ms: 100, maxMs: 100 })
  expect(latenciesOf([])).toEqual({ requests: 0, medianMs: 0, p99Ms: 0, maxMs: 0 })
})
