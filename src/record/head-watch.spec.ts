// Waiting for the head: who is woken, when, and how waiting ends.
import { beforeEach, expect, test } from '@jest/globals'
import { HeadWatch } from './head-watch.js'

let head = 5
let watch: HeadWatch

beforeEach(() => {
  head = 5
  watch = new HeadWatch(() => head)
})

function move(to: number): void {
  head = to
  watch.moved(to)
}

async function settled(wait: Promise<number>): Promise<string> {
  return Promise.race([
    wait.then(String, error => String(error.code)),
    new Promise<string>(done => setImmediate(done, 'waits')),
  ])
}

test('whoever is behind is answered at once, whoever is not waits', async () => {
  expect(await settled(watch.beyond(4))).toBe('5')
  expect(await settled(watch.beyond(5))).toBe('waits')
  expect(watch.waiting).toBe(1)
})

test('a move wakes those it passes, and no others', async () => {
  const [near, far] = [watch.beyond(5), watch.beyond(6)]
  move(6)
  expect([await settled(near), await settled(far), watch.waiting]).toEqual(['6', 'waits', 1])
  move(9)
  expect([await settled(far), watch.waiting]).toEqual(['9', 0])
})

test('giving up ends one wait and leaves nothing behind', async () => {
  const caller = new AbortController()
  const wait = watch.beyond(5, caller.signal)
  caller.abort()
  expect([await settled(wait), watch.waiting]).toEqual(['ABORTED', 0])
  expect(await settled(watch.beyond(5, caller.signal))).toBe('ABORTED')
})

test('a signal that fires after the answer changes nothing', async () => {
  const caller = new AbortController()
  const wait = watch.beyond(5, caller.signal)
  move(6)
  caller.abort()
  expect(await settled(wait)).toBe('6')
})

test('closing ends every wait, and every later one', async () => {
  const waits = [watch.beyond(5), watch.beyond(7)]
  watch.close()
  expect(await Promise.all(waits.map(settled))).toEqual(['CLOSED', 'CLOSED'])
  expect([await settled(watch.beyond(1)), watch.waiting]).toEqual(['CLOSED', 0])
})
