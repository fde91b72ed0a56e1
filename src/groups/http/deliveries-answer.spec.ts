// A list of events in both forms says the same, also of an event that is not shown.
import { expect, test } from '@jest/globals'
import { unpack } from 'msgpackr'
import { listAnswer } from './deliveries-answer.js'

test('what is told of an event that may not be shown or is gone is the same in both forms', () => {
  const items = [{ fields: { position: 3, reason: 'odd' }, event: undefined }]
  const [json, packed] = (['json', 'msgpack'] as const).map(form => listAnswer('parked', items, { next: 3 }, form))
  const told = { parked: [{ position: 3, reason: 'odd', event: null }], next: 3 }
  expect(JSON.parse(json as string)).toEqual(told)
  expect(unpack(packed as Buffer)).toEqual(told)
})
