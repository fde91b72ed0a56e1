// A process whose time is driven: all of its clocks and timers go faster by the same factor, and agree.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const FACTOR = 3_600
const clock = pathToFileURL(resolve('dist/cli/machine/driven-clock.js')).href

/** Ten minutes of its time, by every clock and every way to wait. */
const PROGRAM = `
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
const clocks = {
  now: () => Date.now(),
  date: () => new Date().getTime(),
  performance: () => performance.timeOrigin + performance.now(),
  hrtime: () => Number(process.hrtime.bigint()) / 1e6,
  pair: () => process.hrtime()[0] * 1e3 + process.hrtime()[1] / 1e6,
}
const first = Object.fromEntries(Object.entries(clocks).map(([name, read]) => [name, read()]))
const ways = [ms => wait(ms), promisify(setTimeout), ms => new Promise(done => setTimeout(done, ms))]
for (const way of ways) await way(300_000)
await new Promise(done => { const timer = setInterval(() => { clearInterval(timer); done() }, 300_000) })
const passed = Object.entries(clocks).map(([name, read]) => [name, read() - first[name]])
const given = [new Date(5).getTime(), new Date('2026-01-01T00:00:00Z').toISOString(), new Date() instanceof Date]
console.log(JSON.stringify({ passed, given, apart: clocks.now() - clocks.performance() }))
`

test('clocks agree, timers end by them, and times that are given are what they are', async () => {
  const driven = `${clock}?factor=${FACTOR}&since=${Date.now()}`
  const begun = performance.now()
  const line = ['--import', driven, '--input-type=module', '--eval', PROGRAM]
  const { stdout } = await promisify(execFile)(process.execPath, line)
  const most = (performance.now() - begun) * FACTOR
  const { passed, given, apart } = JSON.parse(stdout) as { passed: [string, number][]; given: unknown[]; apart: number }
  for (const [name, ms] of passed) expect([name, ms >= 4 * 299_000 && ms <= most]).toEqual([name, true])
  expect(given).toEqual([5, '2026-01-01T00:00:00.000Z', true])
  // Between both readings some time passes by itself.
  expect(Math.abs(apart)).toBeLessThan(FACTOR * 20)
})

/** What the monotonic clock of another thread, which began a little later, reads beyond that of this one. */
const TWO_THREADS = `
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
await wait(1_000_000)
const answer = 'const { parentPort } = process.getBuiltinModule("node:worker_threads"); parentPort.postMessage(process.hrtime.bigint())'
const before = process.hrtime.bigint()
const [there] = await once(new Worker(answer, { eval: true }), 'message')
console.log(JSON.stringify([before <= there, there <= process.hrtime.bigint()]))
`

test('threads of one process have one monotonic clock, whenever they began', async () => {
  const driven = `${clock}?factor=${FACTOR}&since=${Date.now()}`
  const line = ['--import', driven, '--input-type=module', '--eval', TWO_THREADS]
  const { stdout } = await promisify(execFile)(process.execPath, line)
  expect(JSON.parse(stdout)).toEqual([true, true])
})
