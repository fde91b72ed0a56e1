// What the start has left behind is gone before the first request.
import { runInNewContext } from 'node:vm'
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

test('a thread that starts takes nothing from another that starts at the same time', () => {
  releaseStartupMemory()
  // What the other has of the flag that both have set.
  expect(runInNewContext('typeof gc')).toBe('function')
})
