// What the start has left behind is gone before the first request.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from '@jest/globals'
import { releaseStartupMemory } from './release-startup-memory.js'

test('what nothing refers to any more is given back', () => {
  let left: object[] | undefined = Array.from({ length: 400_000 }, (_, n) => ({ n, text: `${n}` }))
  const { heapUsed } = process.memoryUsage()
  expect(left.length).toBe(400_000)
  left = undefined
  releaseStartupMemory()
  expect(process.memoryUsage().heapUsed).toBeLessThan(heapUsed - 10_000_000)
})

test('threads that start at the same time do not keep it from each other', async () => {
  const script = new URL('../../test/support/releasing-thread.ts', import.meta.url)
  const execArgv = ['--import', new URL('../../scripts/typescript.mjs', import.meta.url).href]
  const threads = Array.from({ length: 4 }, () => new Worker(script, { execArgv }))
  // An error of a thread is thrown here.
  const codes = await Promise.all(threads.map(thread => once(thread, 'exit').then(([code]) => code)))
  expect(codes).toEqual([0, 0, 0, 0])
})
