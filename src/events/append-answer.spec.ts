// Which events are warned of: those that are large as stored, whatever they take as a body.
import { expect, test } from '@jest/globals'
import { LIMITS } from '../contract/limits.js'
import { warningOf } from './append-answer.js'

/** For an event of so many numbers, each spelled like this in the body. */
function warned(number: string, count: number): string | undefined {
  const body = `{"type":"Told","stream":"a","data":{"n":[${Array(count).fill(number).join()}]}}`
  return warningOf({ events: [JSON.parse(body)] }, body.length)
}

test('an event of numbers that take more bytes when they are stored', () => {
  // As many doubles as fit, but for the few bytes around them.
  const count = Math.floor(LIMITS.eventWarnBytes / 9)
  for (const number of ['0.5', '-0', '1e30']) {
    expect(warned(number, count + 1)).toMatch(/^event larger than 65536 bytes/)
    expect(warned(number, count - 1)).toBeUndefined()
  }
})

test('no event that takes fewer bytes when it is stored', () => {
  expect(warned('1', LIMITS.eventWarnBytes - 100)).toBeUndefined()
})
