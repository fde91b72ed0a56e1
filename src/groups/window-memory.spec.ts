// The memory of all windows together: bounded also while many groups read on, none of which gives way.
import { expect, test } from '@jest/globals'
import { GROUP_LIMITS } from './state/group-limits.js'
import { type Holder, WindowMemory } from './window-memory.js'

class FilledWindow implements Holder {
  positions = 0
  keptBytes = 0
  inUse = false

  constructor(private readonly memory: WindowMemory) {
    memory.add(this)
  }

  fill(): void {
    for (; this.positions < GROUP_LIMITS.aboveFloor; this.memory.count(this, 1)) this.positions++
  }

  dropEvents(): void {}

  letGo(): void {
    this.positions = 0
  }
}

test('groups that read on at the same time, and one that is told what is new, keep no more than all may', async () => {
  const memory = new WindowMemory()
  const held: number[] = []
  const done = Promise.withResolvers<void>()
  const reading = Array.from({ length: 40 }, async () => {
    const leave = await memory.turnToRead()
    const window = new FilledWindow(memory)
    window.inUse = true
    window.fill()
    held.push(memory.held.positions)
    await done.promise
    window.inUse = false
    leave()
  })
  await new Promise(setImmediate)
  expect(held.length).toBeGreaterThan(1)
  new FilledWindow(memory).fill()
  held.push(memory.held.positions)
  done.resolve()
  await Promise.all(reading)
  expect(held).toHaveLength(41)
  expect(Math.max(...held)).toBeLessThanOrEqual(GROUP_LIMITS.knownPositions)
})

test('a window that has left counts for nothing and may keep nothing, whatever it is still told', () => {
  const memory = new WindowMemory()
  const [gone, stays] = [new FilledWindow(memory), new FilledWindow(memory)]
  stays.positions = 3
  memory.count(stays, 3)
  expect(memory.keep(stays, 100)).toBe(true)
  memory.remove(gone)
  memory.count(gone, 5)
  memory.give(gone, 100)
  memory.used(gone)
  expect(memory.keep(gone, 100)).toBe(false)
  expect(memory.held).toEqual({ positions: 3, bytes: 100 })
  memory.remove(gone)
  expect(memory.held).toEqual({ positions: 3, bytes: 100 })
})
