// Every rule of a read, both ways.
import { describe, expect, it } from '@jest/globals'
import { StoreError } from '../errors.js'
import { checkFindKey, checkPosition, checkRead, checkStreamName, checkStreams } from './check-read.js'

const HALF = '\ud800'
const times = <T>(count: number, value: T) => Array<T>(count).fill(value)

function pointers(check: () => void): string[] {
  try {
    check()
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError)
    expect((error as StoreError).code).toBe('INVALID_REQUEST')
    return (error as StoreError).errors.map(({ pointer }) => pointer)
  }
}

const read = (request: unknown) => pointers(() => checkRead(request))

describe('a read', () => {
  it.each<[string, unknown[], unknown[]]>([
    ['after', [0, 1, Number.MAX_SAFE_INTEGER], [-1, 0.5, Number.NaN, '1', null, 2 ** 53, 1n]],
    ['before', [0, 1, Number.MAX_SAFE_INTEGER], [-1, 0.5, Number.NaN, '1', null, 2 ** 53]],
    ['since', ['2026-01-01T00:00:00Z', 0n, -5n], ['', 'today', 1_700_000_000_000, null, new Date(0)]],
    ['until', ['2026-01-01T00:00:00+01:00', 7n], ['', '2026-02-30T00:00:00Z', 1, null]],
    ['order', ['asc', 'desc'], ['', 'ASC', 1, null]],
    ['limit', [1, 100, 10_000], [0, -1, 10_001, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', null]],
    ['onDamaged', [() => undefined], [null, 'skip', true]],
    ['filter', [{}, { streams: [] }], [null, [], 'orders', 1]],
  ])('by its %s', (name, good, bad) => {
    for (const value of [undefined, ...good]) expect(read({ [name]: value })).toEqual([])
    for (const value of bad) expect([value, read({ [name]: value })]).toEqual([value, [`/${name}`]])
  })

  it.each<[string, unknown[], unknown[]]>([
    [
      'streams',
      ['*', 'a', '$*', '$a/b*', 'agent_*/x', '_a', 's'.repeat(256)],
      ['', 'a b', 'a$', '$$', 's'.repeat(257), HALF, 1],
    ],
    ['types', ['*', 'task.*', '9*', 't'.repeat(128)], ['', 'a b', 'a/b', '$a', 't'.repeat(129), HALF, null]],
    ['tags', ['a', 'ü*', 't'.repeat(128)], ['', 't'.repeat(129), HALF, 1]],
    ['agents', ['a', '$service', 'a'.repeat(128)], ['', 'a'.repeat(129), HALF, null]],
  ])('by the %s of its filter', (name, good, bad) => {
    expect(read({ filter: { [name]: good } })).toEqual([])
    for (const value of bad) expect(read({ filter: { [name]: ['a', value] } })).toEqual([`/filter/${name}/1`])
    expect(read({ filter: { [name]: times(100, 'a') } })).toEqual([])
    for (const list of [times(101, 'a'), 'a', null, {}]) {
      expect(read({ filter: { [name]: list } })).toEqual([`/filter/${name}`])
    }
  })

  it.each(['correlationId', 'causationId', 'sessionId'])('by the %s of its filter', name => {
    for (const value of [undefined, 'a', 'c'.repeat(128), ['a', 'b'], []])
      expect(read({ filter: { [name]: value } })).toEqual([])
    for (const value of ['', 'c'.repeat(129), HALF, null, times(101, 'a')]) {
      expect(read({ filter: { [name]: value } })).toEqual([`/filter/${name}`])
    }
    expect(read({ filter: { [name]: ['a', ''] } })).toEqual([`/filter/${name}/1`])
  })

  it('by the characters of all its patterns with a star together, told of the list with which it is too much', () => {
    const globs = (count: number, chars: number) => times(count, `${'a'.repeat(chars - 1)}*`)
    expect(read({ filter: { streams: globs(32, 256) } })).toEqual([])
    expect(read({ filter: { streams: globs(64, 128), types: ['Exact'] } })).toEqual([])
    expect(read({ filter: { streams: globs(33, 256) } })).toEqual(['/filter/streams'])
    expect(read({ filter: { streams: globs(32, 256), types: ['T*'] } })).toEqual(['/filter/types'])
    expect(read({ filter: { types: globs(65, 128) } })).toEqual(['/filter/types'])
    expect(read({ filter: { streams: times(100, 'a'.repeat(256)), within: globs(100, 256) } })).toEqual([])
    expect(pointers(() => checkStreams({ streams: globs(33, 256) }))).toEqual(['/streams'])
  })

  it('by the streams its reader may see', () => {
    expect(read({ filter: { within: times(1_000, 'a*') } })).toEqual([])
    expect(read({ filter: { within: times(1_001, 'a*') } })).toEqual(['/filter/within'])
    expect(read({ filter: { within: ['a', 'a b'] } })).toEqual(['/filter/within/1'])
  })

  it('has no other fields', () => {
    expect(read({ offset: 1, filter: { stream: 'a' } })).toEqual(['/offset', '/filter/stream'])
    for (const request of [undefined, null, [], 'a', 1]) expect(read(request)).toEqual([''])
  })

  it('is told all that is wrong with it, up to twenty findings', () => {
    expect(read({ after: -1, order: 'up', limit: 0, filter: { types: ['', 'a'] } })).toEqual([
      '/filter/types/0',
      '/after',
      '/order',
      '/limit',
    ])
    expect(read({ filter: { types: times(100, '') } })).toHaveLength(20)
  })
})

describe('a look-up', () => {
  it('takes positions and any text', () => {
    for (const key of [0, 7, '', '1_0_a', 'nonsense']) expect(pointers(() => checkFindKey(key))).toEqual([])
    for (const key of [-1, 0.5, Number.NaN, null, undefined, {}, 1n])
      expect(pointers(() => checkFindKey(key))).toEqual([''])
    for (const name of ['', 'orders', HALF]) expect(pointers(() => checkStreamName(name))).toEqual([])
    for (const name of [1, null, undefined, {}]) expect(pointers(() => checkStreamName(name))).toEqual([''])
    for (const position of [0, 7]) expect(pointers(() => checkPosition(position))).toEqual([])
    for (const position of [-1, '1', Number.NaN]) expect(pointers(() => checkPosition(position))).toEqual([''])
  })
})
