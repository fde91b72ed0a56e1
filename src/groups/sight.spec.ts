// What a scope sees of a group, and that others have their turns while much is compared.
import { expect, test } from '@jest/globals'
import { FIRST_MS } from '../contract/turns.js'
import { Sight } from './sight.js'
import { GROUP_LIMITS } from './state/group-limits.js'
import type { Ready } from './state/key-queues.js'

const ready = (position: number, stream: string): Ready => ({
  position,
  stream,
  correlation: undefined,
  event: undefined,
})

/** Yields them, and has taken longer than a turn before the second. */
function* slowly<T>(items: readonly T[]): Generator<T> {
  const begun = performance.now()
  for (const [at, item] of items.entries()) {
    while (at === 1 && performance.now() - begun <= FIRST_MS) Math.sqrt(at)
    yield item
  }
}

class SlowMap extends Map<number, Ready> {
  override values(): MapIterator<Ready> {
    return slowly([...super.values()]) as unknown as MapIterator<Ready>
  }
}

test('what was read before is looked through in turns, and what comes meanwhile is found by the same look', async () => {
  const events = new SlowMap([ready(1, 'mine'), ready(2, 'theirs'), ready(3, 'mine')].map(one => [one.position, one]))
  const sight = new Sight(['mine'])
  let turns = 0
  setImmediate(() => turns++)
  const looking = sight.lookThrough(events)
  sight.add(ready(4, 'mine'))
  expect([sight.isComplete, sight.visible.has(4)]).toEqual([false, false])
  await looking
  expect([sight.isComplete, [...sight.visible.keys()], turns]).toEqual([true, [1, 3], 1])
  sight.add(ready(5, 'mine'))
  sight.add(ready(6, 'theirs'))
  expect([...sight.visible.keys()]).toEqual([1, 3, 5])
})

test('what was handed out before is learned in turns', async () => {
  const sight = new Sight(['mine'])
  let turns = 0
  setImmediate(() => turns++)
  await sight.learn(slowly([[1, { stream: 'mine' }] as const, [2, { stream: 'theirs' }] as const]))
  expect(turns).toBe(1)
  expect([sight.sees(1, 'theirs'), sight.sees(2, 'mine')]).toEqual([true, false])
})

test('it remembers no more than a group can have in hand, and compares anew what it has forgotten', () => {
  const sight = new Sight(['mine'])
  for (let position = 1; position <= GROUP_LIMITS.parked; position++) sight.sees(position, 'mine')
  expect(sight.sees(1, 'theirs')).toBe(true)
  expect(sight.sees(GROUP_LIMITS.parked + 1, 'theirs')).toBe(false)
  expect(sight.sees(1, 'theirs')).toBe(false)
})
