// Bodies of appends become requests, and what the contract finds comes back in the terms of the body.
import { objectOf } from '../../test/support/arbitrary-json.js'
import { checkAppend } from '../contract/check/check-append.js'
import { StoreError } from '../contract/errors.js'
import { type AppendBody, batchAppend, remapPointers, singleAppend, streamAppend } from './append-body.js'

const EVENT = { type: 'task.done', stream: 'tasks', data: { n: 1 } }
const IN_STREAM = { type: 'task.done', data: { n: 1 } }

function pointersOf(make: () => AppendBody): string[] {
  try {
    const { asked, pointer } = make()
    try {
      checkAppend({ ...asked, author: { agentId: 'a' } })
      return []
    } catch (error) {
      throw remapPointers(pointer, error as StoreError)
    }
  } catch (error) {
    return (error as StoreError).errors.map(found => found.pointer)
  }
}

test('one event with what it expects', () => {
  const condition = { failIfEventsMatch: { items: [{ types: ['a'] }] } }
  expect(singleAppend({ ...EVENT, expectedRevision: 'none', condition }).asked).toEqual({
    events: [EVENT],
    expectations: [{ stream: 'tasks', expectedRevision: 'none' }],
    condition,
  })
})

test.each<[string, unknown, string[]]>([
  ['a good one', EVENT, []],
  ['no object', [EVENT], ['']],
  ['null', null, ['']],
  ['a bad type', { ...EVENT, type: '1' }, ['/type']],
  ['a bad stream, which is also expected to be somewhere', { ...EVENT, stream: '', expectedRevision: 0 }, ['/stream']],
  ['a bad expectation', { ...EVENT, expectedRevision: -1 }, ['/expectedRevision']],
  ['an expectation of null', { ...EVENT, expectedRevision: null }, ['/expectedRevision']],
  ['a bad condition', { ...EVENT, condition: {} }, ['/condition/failIfEventsMatch']],
  ['a field nobody knows', { ...EVENT, position: 1 }, ['/position']],
  ['fields of the request', { ...EVENT, author: {}, key: 'k', events: [] }, ['/author', '/key', '/events']],
  ['the key __proto__', objectOf([...Object.entries(EVENT), ['__proto__', {}]]), ['/__proto__']],
  ['deep in the data', { ...EVENT, data: { a: [0, Number.NaN] } }, ['/data/a/1']],
])('alone: %s', (_, body, pointers) => {
  expect(pointersOf(() => singleAppend(body))).toEqual(pointers)
})

test.each<[string, unknown, string[]]>([
  ['a good one', { events: [EVENT, EVENT] }, []],
  ['no events', { events: [] }, ['/events']],
  ['nothing', {}, ['/events']],
  ['a bad second', { events: [EVENT, { ...EVENT, type: '' }] }, ['/events/1/type']],
  ['an author', { events: [EVENT], author: { agentId: 'other' } }, ['/author']],
  ['a key', { events: [EVENT], key: 'k' }, ['/key']],
  [
    'expectations',
    { events: [EVENT], expectations: [{ stream: 'a', expectedRevision: 'x' }] },
    ['/expectations/0/expectedRevision'],
  ],
])('many: %s', (_, body, pointers) => {
  expect(pointersOf(() => batchAppend(body))).toEqual(pointers)
})

test.each<[string, unknown, string[]]>([
  ['one', IN_STREAM, []],
  ['many', { events: [IN_STREAM] }, []],
  ['one with a condition', { ...IN_STREAM, condition: { failIfEventsMatch: { items: [{ tags: ['t'] }] } } }, []],
  ['one with its stream', EVENT, ['/stream']],
  ['many with their stream', { events: [IN_STREAM, EVENT] }, ['/events/1/stream']],
  ['an expected revision', { ...IN_STREAM, expectedRevision: 1 }, ['/expectedRevision']],
  ['expectations', { events: [IN_STREAM], expectations: [] }, ['/expectations']],
  ['no object', 'event', ['']],
  ['no objects', { events: [1] }, ['/events/0']],
  ['a bad type', { ...IN_STREAM, type: '' }, ['/type']],
])('on a stream: %s', (_, body, pointers) => {
  expect(pointersOf(() => streamAppend(body, 'tasks'))).toEqual(pointers)
})

test('a stream that cannot be is a fault of the path', () => {
  expect(() => streamAppend(IN_STREAM, 'a b')).toThrow('the stream in the path must be')
})

test('the sentence names the pointer of the body', () => {
  const error = new StoreError('INVALID_EVENT', 'x', {
    errors: [{ pointer: '/events/0/type', detail: 'must be text' }],
  })
  expect(remapPointers(singleAppend(EVENT).pointer, error).message).toBe('The event breaks a rule: /type must be text')
})
