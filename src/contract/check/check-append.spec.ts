// Every rule of an append, both ways, and how findings are told.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { arbitraryJson, nested, objectOf } from '../../../test/support/arbitrary-json.js'
import { packedMap } from '../../../test/support/packed-spellings.js'
import { StoreError } from '../errors.js'
import { LIMITS } from '../limits.js'
import { checkAppend, SERVICE_AGENT } from './check-append.js'

const HALF = '\udc00'
const EVENT = { type: 'order.opened', stream: 'orders', data: {} }
const times = <T>(count: number, value: T) => Array<T>(count).fill(value)

function request(parts: object = {}): object {
  return { events: [EVENT], author: { agentId: 'a1' }, ...parts }
}

function withEvent(parts: object): object {
  return request({ events: [{ ...EVENT, ...parts }] })
}

function findings(untrusted: unknown): StoreError | undefined {
  try {
    checkAppend(untrusted)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError)
    return error as StoreError
  }
}

function pointers(untrusted: unknown): string[] {
  return findings(untrusted)?.errors.map(({ pointer }) => pointer) ?? []
}

describe('an event', () => {
  it.each<[string, unknown[], unknown[]]>([
    [
      'type',
      ['a', 'A', 'order.opened', 'Order_Opened:v2-x.9', 't'.repeat(128)],
      [undefined, null, 1, '', '1a', '_a', '.a', 'a b', 'a/b', 'a@b', 'ä', 'a\n', 't'.repeat(129), HALF],
    ],
    [
      'stream',
      ['a', '9', 'agent_1/tasks@home:x.y-z', 's'.repeat(256), 'constructor', '__proto__'.slice(2)],
      [undefined, null, 1, '', '_a', '/a', '-a', 'a b', 'a*', '$a', '$', 'ä', `a${HALF}`, 's'.repeat(257), '__proto__'],
    ],
    ['tags', [[], ['a'], times(32, 't'), ['t'.repeat(128)], ['🜁'.repeat(128)]], [null, 'a', {}, times(33, 't')]],
    ['tags/0', [], [[''], [1], [null], ['t'.repeat(129)], ['🜁'.repeat(129)], [HALF], Array(1)]],
    ['schemaVersion', [1, 2, Number.MAX_SAFE_INTEGER], [0, -1, 1.5, '1', null, Number.NaN, 2 ** 53, 1n, true]],
    ['correlationId', ['a', 'c'.repeat(128), 'ü/🜁'], ['', 'c'.repeat(129), null, 1, HALF]],
    ['causationId', ['a', '1_0_node-1'], ['', 'c'.repeat(129), null, 1, HALF]],
    ['sessionId', ['a', 's'.repeat(128)], ['', 's'.repeat(129), null, 1, HALF]],
    ['parents', [[], ['1_0_a'], times(32, '1_0_a')], [null, '1_0_a', times(33, '1_0_a')]],
    ['parents/0', [], [[''], ['1_0'], ['01_0_a'], [1], [null]]],
    [
      'occurredAt',
      ['2026-01-31T12:00:00Z', '2016-12-31T23:59:60Z', '2024-02-29T00:00:00.123456789+05:30'],
      ['', 'now', '2026-01-31', '2025-02-29T00:00:00Z', '2026-01-31T12:00:00', 1, null, new Date(0)],
    ],
    ['data', [{}, Object.create(null)], [undefined, null, 1, 'a', [], new Date(0), new Map(), () => 1]],
    ['metadata', [{}, Object.create(null)], [null, 1, 'a', [], new Date(0), new Map(), () => 1]],
  ])('by its %s', (field, good, bad) => {
    const name = field.split('/')[0] as string
    for (const value of good) expect(pointers(withEvent({ [name]: value }))).toEqual([])
    for (const value of bad) {
      expect([value, pointers(withEvent({ [name]: value }))]).toEqual([value, [`/events/0/${field}`]])
      expect(findings(withEvent({ [name]: value }))?.code).toBe('INVALID_EVENT')
    }
  })

  it('may leave out what is optional, or say undefined', () => {
    const absent = Object.fromEntries(
      ['metadata', 'tags', 'schemaVersion', 'correlationId', 'causationId', 'sessionId', 'parents', 'occurredAt'].map(
        name => [name, undefined],
      ),
    )
    expect(pointers(withEvent(absent))).toEqual([])
  })

  it.each(['id', 'position', 'agentId', 'constructor', 'a~/b'])('may not have a field %s', name => {
    const pointer = `/events/0/${name.replace('~', '~0').replace('/', '~1')}`
    expect(pointers(withEvent({ [name]: 1 }))).toEqual([pointer])
    expect(pointers(request({ events: [objectOf([...Object.entries(EVENT), ['__proto__', 1]])] }))).toEqual([
      '/events/0/__proto__',
    ])
  })

  it('goes to a stream of the service only from the service', () => {
    const events = [{ ...EVENT, stream: '$audit/x' }]
    expect(pointers({ events, author: { agentId: SERVICE_AGENT } })).toEqual([])
    for (const agentId of ['a1', 'service', '$Service', '$service ']) {
      expect(pointers({ events, author: { agentId } })).toEqual(['/events/0/stream'])
    }
    for (const stream of ['$', '$$a', '$ a']) {
      expect(pointers({ events: [{ ...EVENT, stream }], author: { agentId: SERVICE_AGENT } })).toEqual([
        '/events/0/stream',
      ])
    }
  })
})

describe('data', () => {
  const inData = (data: unknown) => pointers(withEvent({ data }))

  it('may be any JSON', () => {
    fc.assert(fc.property(arbitraryJson, data => expect(inData(data)).toEqual([])))
  })

  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a bigint', 1n],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a class', Map],
    ['a symbol', Symbol('s')],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a set', new Set()],
    ['a pattern', /a/],
    ['an error', new Error('e')],
    ['bytes', new Uint8Array(1)],
    ['a promise', Promise.resolve()],
    ['a boxed string', Object('a')],
    ['an instance', new (class Order {})()],
    ['an object made from another', Object.create({ inherited: 1 })],
    ['an array of another class', new (class List extends Array {})()],
    ['half a character', `a${HALF}`],
    ['packed bytes inside', packedMap(Uint8Array.of(0x80))],
  ])('must not hold %s', (_, value) => {
    expect(inData({ deep: [0, { here: value }] })).toEqual(['/events/0/data/deep/1/here'])
  })

  it('must not have holes, nor keys with half a character', () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    expect(inData({ list: [1, , 3] })).toEqual(['/events/0/data/list/1'])
    expect(inData({ list: Array(5_000) })).toHaveLength(20)
    expect(inData({ [`a${HALF}`]: 1 })).toEqual(['/events/0/data/a\ufffd'])
  })

  it('may be sixty-four levels deep and no deeper', () => {
    expect(inData(nested(64))).toEqual([])
    expect(inData(nested(65))).toHaveLength(1)
    expect(inData(nested(200_000))).toHaveLength(1)
    expect(findings(withEvent({ data: nested(65) }))?.errors[0]?.detail).toMatch('64')
  })

  it('must not contain itself, at any distance', () => {
    const self: Record<string, unknown> = { name: 'self' }
    self['self'] = self
    expect(inData(self)).toEqual(['/events/0/data/self'])
    const list: unknown[] = [1]
    const round = { list }
    list.push({ again: [round] })
    expect(inData({ round })).toEqual(['/events/0/data/round/list/1/again/0'])
  })

  it('may say the same object twice, but not without end', () => {
    const shared = { a: 1 }
    expect(inData({ one: shared, two: shared, three: [shared, shared] })).toEqual([])
    let doubled: object = { a: 1 }
    let list: unknown[] = []
    for (let i = 0; i < 60; i++) {
      doubled = { x: doubled, y: doubled }
      list = [list, list]
    }
    expect(findings(withEvent({ data: doubled }))?.code).toBe('INVALID_EVENT')
    expect(findings(withEvent({ data: { list } }))?.code).toBe('EVENT_TOO_LARGE')
  })

  it('is read once, getter by getter', () => {
    let reads = 0
    const counting = (value: unknown) => ({
      enumerable: true,
      get: () => {
        reads++
        return value
      },
    })
    const data = Object.defineProperties({}, { a: counting(1), b: counting([1]), c: counting({ d: 'text' }) })
    const event = Object.defineProperties(
      {},
      {
        type: counting('t'),
        stream: counting('s'),
        data: counting(data),
        tags: counting(['a']),
      },
    )
    expect(pointers(Object.defineProperties({ author: { agentId: 'a' } }, { events: counting([event]) }))).toEqual([])
    expect(reads).toBe(8)
  })

  it('may append on its own while it is read', () => {
    const data = Object.defineProperty({ a: { b: 1 } }, 'nested', {
      enumerable: true,
      get: () => pointers(withEvent({ data: { x: [{ y: Number.NaN }] } })).join(),
    })
    expect(inData({ before: [data], after: Number.NaN })).toEqual(['/events/0/data/after'])
  })

  it("that throws when it is read is the request's fault", () => {
    const data = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new TypeError('mine')
      },
    })
    expect(findings(withEvent({ data }))).toMatchObject({ code: 'INVALID_REQUEST', cause: new TypeError('mine') })
    expect(inData({ a: 1 })).toEqual([])
  })

  it('leaves the next request alone whatever was wrong with this one', () => {
    const next = () => inData({ a: [{ b: 'c' }] })
    for (const bad of [nested(65), { a: Number.NaN }, { a: 'x'.repeat(LIMITS.eventBytes) }, null, { a: [[[1n]]] }]) {
      expect(inData(bad)).toHaveLength(1)
      expect(next()).toEqual([])
    }
  })
})

describe('sizes', () => {
  it.each<[string, object, string, string]>([
    ['long text', { data: { a: 'x'.repeat(LIMITS.eventBytes) } }, 'EVENT_TOO_LARGE', '/events/0/data'],
    ['a long key', { data: { ['k'.repeat(LIMITS.eventBytes)]: 1 } }, 'EVENT_TOO_LARGE', '/events/0/data'],
    ['a long list', { data: { a: times(LIMITS.eventBytes, 0) } }, 'EVENT_TOO_LARGE', '/events/0/data'],
    ['a list of nothing', { data: { a: Array(2 ** 32 - 1) } }, 'EVENT_TOO_LARGE', '/events/0/data'],
    ['metadata', { metadata: { a: 'x'.repeat(LIMITS.metadataBytes) } }, 'EVENT_TOO_LARGE', '/events/0/metadata'],
    ['packed data', { data: packedMap(new Uint8Array(LIMITS.eventBytes + 1)) }, 'EVENT_TOO_LARGE', '/events/0/data'],
    [
      'data and metadata together',
      { data: { a: 'x'.repeat(LIMITS.eventBytes - 100) }, metadata: { a: 'x'.repeat(200) } },
      'EVENT_TOO_LARGE',
      '/events/0',
    ],
  ])('too large: %s', (_, parts, code, pointer) => {
    const error = findings(withEvent(parts))
    expect([error?.code, error?.errors.map(found => found.pointer)]).toEqual([code, [pointer]])
  })

  it('just fit', () => {
    expect(pointers(withEvent({ data: { a: 'x'.repeat(LIMITS.eventBytes - 10) } }))).toEqual([])
    expect(pointers(withEvent({ metadata: { a: 'x'.repeat(LIMITS.metadataBytes - 10) } }))).toEqual([])
    expect(pointers(request({ events: times(LIMITS.batchEvents, EVENT) }))).toEqual([])
  })

  it('of a batch count together', () => {
    const large = { ...EVENT, data: { a: 'x'.repeat(LIMITS.eventBytes - 100) } }
    expect(pointers(request({ events: times(9, large) }))).toEqual([])
    expect(findings(request({ events: times(11, large) }))?.code).toBe('BATCH_TOO_LARGE')
    const error = findings(request({ events: times(LIMITS.batchEvents + 1, EVENT) }))
    expect([error?.code, error?.errors.map(found => found.pointer)]).toEqual(['BATCH_TOO_LARGE', ['/events']])
  })
})

describe('packed data', () => {
  it('is checked like any other, with the byte in the finding', () => {
    expect(pointers(withEvent({ data: packedMap(Uint8Array.of(0x81, 0xa1, 0x61, 0x01)) }))).toEqual([])
    const error = findings(withEvent({ metadata: packedMap(Uint8Array.of(0x81, 0xa1, 0x61, 0xc4, 0x00)) }))
    expect(error?.code).toBe('INVALID_EVENT')
    expect(error?.errors).toEqual([
      { pointer: '/events/0/metadata', detail: 'binary is not JSON (byte 3 of its MessagePack)' },
    ])
  })

  it('must be bytes', () => {
    for (const bytes of [undefined, null, 'a', [0x80], {}]) {
      expect(pointers(withEvent({ data: packedMap(bytes as never) }))).toEqual(['/events/0/data'])
    }
  })
})

describe('a request', () => {
  const author = (parts: object) => request({ author: { agentId: 'a1', ...parts } })
  const expectations = (...list: unknown[]) => request({ expectations: list })
  const condition = (parts: object) =>
    request({ condition: { failIfEventsMatch: { items: [{ types: ['a'] }] }, ...parts } })
  const items = (...list: unknown[]) => condition({ failIfEventsMatch: { items: list } })
  const ITEMS = '/condition/failIfEventsMatch/items'

  it.each<[string, unknown]>([
    ['a long name', author({ agentId: 'ü'.repeat(128) })],
    ['a chain of eight', author({ onBehalfOf: times(8, 'a') })],
    ['a context', author({ correlationId: 'c'.repeat(128), traceparent: '00-ab-cd-01' })],
    [
      'every kind of expectation',
      expectations(
        ...['any', 'none', 'exists', 0, 7].map((expectedRevision, i) => ({ stream: `s${i}`, expectedRevision })),
      ),
    ],
    ['an expectation of a stream of the service', expectations({ stream: '$audit', expectedRevision: 'any' })],
    ['no expectations', expectations()],
    ['a condition with a bound', condition({ after: 0 })],
    ['a condition on types and tags', items({ types: ['a'], tags: ['b', 'c'] }, { types: [], tags: ['d'] })],
    [
      'as many keys as the limit',
      request({ events: [{ type: 't', stream: 's', data: { list: times(LIMITS.eventKeys - 1, { k: 0 }) } }] }),
    ],
    ['as many items as the limit', items(...times(LIMITS.conditionItems, { tags: ['t'] }))],
    ['a key', request({ key: ' ~!' })],
    ['a long key', request({ key: 'k'.repeat(255) })],
  ])('may have %s', (_, good) => {
    expect(pointers(good)).toEqual([])
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a list', [], ''],
    ['no author', request({ author: undefined }), '/author'],
    ['no agent', author({ agentId: undefined }), '/author/agentId'],
    ['an empty agent', author({ agentId: '' }), '/author/agentId'],
    ['a long agent', author({ agentId: 'a'.repeat(129) }), '/author/agentId'],
    ['half an agent', author({ agentId: HALF }), '/author/agentId'],
    ['a chain of nine', author({ onBehalfOf: times(9, 'a') }), '/author/onBehalfOf'],
    ['a chain in text', author({ onBehalfOf: 'a' }), '/author/onBehalfOf'],
    ['an empty link', author({ onBehalfOf: ['a', ''] }), '/author/onBehalfOf/1'],
    ['a long correlation id', author({ correlationId: 'c'.repeat(129) }), '/author/correlationId'],
    ['a long trace', author({ traceparent: 't'.repeat(129) }), '/author/traceparent'],
    ['a role', author({ role: 'admin' }), '/author/role'],
    ['no events', request({ events: [] }), '/events'],
    ['events without a list', request({ events: EVENT }), '/events'],
    ['an unknown field', request({ dryRun: true }), '/dryRun'],
    ['expectations without a list', request({ expectations: {} }), '/expectations'],
    ['too many expectations', expectations(...times(1_001, {})), '/expectations'],
    ['an expectation that is none', expectations(null), '/expectations/0'],
    ['an unknown expectation', expectations({ stream: 'a', expectedRevision: 1, x: 1 }), '/expectations/0/x'],
    ['a bad stream', expectations({ stream: 'a b', expectedRevision: 1 }), '/expectations/0/stream'],
    ['a stream twice', expectations(...times(2, { stream: 'a', expectedRevision: 1 })), '/expectations/1/stream'],
    ...[undefined, null, -1, 0.5, '0', 'latest', Number.NaN, 2 ** 53].map(
      (expectedRevision): [string, unknown, string] => [
        `revision ${expectedRevision}`,
        expectations({ stream: 'a', expectedRevision }),
        '/expectations/0/expectedRevision',
      ],
    ),
    ['a condition that is none', request({ condition: null }), '/condition'],
    ['an unknown condition', condition({ before: 3 }), '/condition/before'],
    ['after -1', condition({ after: -1 }), '/condition/after'],
    ['after text', condition({ after: '1' }), '/condition/after'],
    ['no match', condition({ failIfEventsMatch: undefined }), '/condition/failIfEventsMatch'],
    [
      'an unknown match',
      condition({ failIfEventsMatch: { items: [{ tags: ['a'] }], all: 1 } }),
      '/condition/failIfEventsMatch/all',
    ],
    ['no items', items(), ITEMS],
    ['too many items', items(...times(LIMITS.conditionItems + 1, { tags: ['t'] })), ITEMS],
    ['too many types and tags', items(...times(9, { tags: times(29, 't').map((t, i) => `${t}${i}`) })), ITEMS],
    ['an item that is none', items(null), `${ITEMS}/0`],
    ['an empty item', items({ tags: ['a'] }, {}), `${ITEMS}/1`],
    ['an item of empty lists', items({ types: [], tags: [] }), `${ITEMS}/0`],
    ['an unknown item', items({ tags: ['a'], streams: ['a'] }), `${ITEMS}/0/streams`],
    ['a glob for a type', items({ types: ['a*'] }), `${ITEMS}/0/types/0`],
    ['too many types', items({ types: times(LIMITS.conditionValuesPerItem + 1, 'a') }), `${ITEMS}/0/types`],
    ['a bad tag', items({ tags: ['a', ''] }), `${ITEMS}/0/tags/1`],
    ['tags without a list', items({ tags: 'a' }), `${ITEMS}/0/tags`],
    ...['', 'k'.repeat(256), 'a\nb', 'ü', '\x7f', 7, null].map((key): [string, unknown, string] => [
      `the key ${JSON.stringify(key)?.slice(0, 20)}`,
      request({ key }),
      '/key',
    ]),
  ])('may not have %s', (_, bad, pointer) => {
    expect(pointers(bad)).toEqual([pointer])
    expect(findings(bad)?.code).toBe('INVALID_REQUEST')
  })
})

describe('the findings', () => {
  it('are told all at once, in the order of the request', () => {
    const bad = {
      events: [{ ...EVENT, type: '' }, null, { stream: 'a b', data: [] }],
      author: {},
      key: '',
    }
    expect(pointers(bad)).toEqual([
      '/author/agentId',
      '/events/0/type',
      '/events/1',
      '/events/2/type',
      '/events/2/stream',
      '/events/2/data',
      '/key',
    ])
  })

  it('are twenty at most', () => {
    expect(pointers(request({ events: times(1_000, null) }))).toHaveLength(20)
    expect(pointers(withEvent({ data: { a: times(100_000, Number.NaN) } }))).toHaveLength(20)
    const strange = Object.fromEntries(times(100, 0).map((_, i) => [`strange-${i}`, 1]))
    expect(pointers(request(strange))).toHaveLength(20)
  })

  it('name the error after the gravest: a broken rule before a size', () => {
    const large = { ...EVENT, data: { a: 'x'.repeat(LIMITS.eventBytes) } }
    expect(findings(request({ events: [large, { ...EVENT, type: '' }] }))?.code).toBe('INVALID_EVENT')
    expect(findings(request({ events: [large], key: '' }))?.code).toBe('INVALID_REQUEST')
    expect(findings(request({ events: [{ ...EVENT, type: '' }], key: '' }))?.code).toBe('INVALID_REQUEST')
  })

  it('point through keys with slashes and tildes, and show only the beginning of long ones', () => {
    expect(pointers(withEvent({ data: { 'a/b~c': { '': Number.NaN } } }))).toEqual(['/events/0/data/a~1b~0c/'])
    const [pointer] = pointers(withEvent({ data: { ['k'.repeat(10_000)]: Number.NaN } }))
    expect(pointer).toBe(`/events/0/data/${'k'.repeat(128)}…`)
  })

  it('say in one sentence what is wrong first', () => {
    expect(findings(withEvent({ type: '', tags: [''] }))?.message).toBe(
      'The event breaks a rule: /events/0/type must be 1 to 128 of A-Z a-z 0-9 _ . : - and start with a letter (and 1 more)',
    )
  })
})
