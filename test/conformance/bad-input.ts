// Conformance: whatever is handed to any verb ends in a catalogued error, writes nothing, and leaves the store well.
import { afterEach, describe, expect, it } from '@jest/globals'
import type { ErrorCode } from '../../src/contract/errors.js'
import { type JsonObject, Packed } from '../../src/contract/event.js'
import { LIMITS } from '../../src/contract/limits.js'
import { checkedPacked } from '../../src/contract/packed.js'
import { encodeMessagePack } from '../../src/wire/message-pack-writer.js'
import { nested } from '../support/arbitrary-json.js'
import { an, codeOf, errorOf, type World } from './vocabulary.js'

const AUTHOR = { agentId: 'a1' }
const HALF = '\ud83d'

export function describeBadInput(world: World): void {
  describe('bad input', () => {
    afterEach(async () => {
      expect(world.store.head()).toBe(0)
      expect(world.store.status().write).toEqual({ writable: true })
      expect(await world.append(an('fine'))).toMatchObject({ firstPosition: 1 })
      expect(await world.types()).toEqual(['fine'])
    })
    refusesRequests(world)
    refusesEvents(world)
    refusesData(world)
    refusesReads(world)
    refusesLookups(world)
  })
}

function cyclic(): object {
  const data: Record<string, unknown> = { list: [] }
  ;(data['list'] as unknown[]).push(data)
  return data
}

function keyed(keys: number): JsonObject {
  return Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, 0]))
}

const packed = (object: JsonObject) => encodeMessagePack(object)

/** Everything a JavaScript caller can hand over instead of an object. */
const NOT_OBJECTS: readonly unknown[] = [undefined, null, 0, '', 'text', true, [], Symbol('s'), 1n, () => 1]

function refusesRequests(world: World): void {
  const append = (request: unknown) => codeOf(() => world.store.append(request as never))

  it('as a request is refused', async () => {
    for (const request of NOT_OBJECTS) expect(await append(request)).toBe('INVALID_REQUEST')
  })

  it.each<[string, object]>([
    ['no events', { events: [] }],
    ['events that are no array', { events: { 0: an('opened'), length: 1 } }],
    ['an unknown field', { dryRun: true }],
    ['an author without a name', { author: {} }],
    ['an author with half a character', { author: { agentId: HALF } }],
    ['an author nobody knows the fields of', { author: { agentId: 'a1', admin: true } }],
    ['too long a chain of agents', { author: { agentId: 'a1', onBehalfOf: Array(9).fill('a') } }],
    ['an empty key', { key: '' }],
    ['a key too long', { key: 'k'.repeat(256) }],
    ['a key with a line break', { key: 'a\nb' }],
    ['a key that is a number', { key: 7 }],
    ['expectations that are no array', { expectations: { orders: 1 } }],
    ['a negative expectation', { expectations: [{ stream: 'orders', expectedRevision: -1 }] }],
    ['a fractional expectation', { expectations: [{ stream: 'orders', expectedRevision: 0.5 }] }],
    ['an expectation of NaN', { expectations: [{ stream: 'orders', expectedRevision: Number.NaN }] }],
    ['an expectation in words unknown', { expectations: [{ stream: 'orders', expectedRevision: 'latest' }] }],
    ['an expectation of a bad stream', { expectations: [{ stream: 'no spaces', expectedRevision: 'any' }] }],
    ['two expectations of one stream', { expectations: Array(2).fill({ stream: 'a', expectedRevision: 'any' }) }],
    ['a condition without items', { condition: { failIfEventsMatch: { items: [] } } }],
    ['a condition on nothing', { condition: { failIfEventsMatch: { items: [{}] } } }],
    ['a condition on empty lists', { condition: { failIfEventsMatch: { items: [{ types: [], tags: [] }] } } }],
    ['a condition after -1', { condition: { failIfEventsMatch: { items: [{ types: ['a'] }] }, after: -1 } }],
    ['a condition on 101 tags', { condition: { failIfEventsMatch: { items: [{ tags: Array(101).fill('t') }] } } }],
  ])('is refused: %s', async (_, part) => {
    expect(await append({ events: [an('opened')], author: AUTHOR, ...part })).toBe('INVALID_REQUEST')
  })

  it('is refused when a batch has too many events or bytes', async () => {
    expect(await append({ events: Array(1_001).fill(an('opened')), author: AUTHOR })).toBe('BATCH_TOO_LARGE')
    const large = an('opened', { data: { text: 'x'.repeat(1_000_000) } })
    expect(await append({ events: Array(11).fill(large), author: AUTHOR })).toBe('BATCH_TOO_LARGE')
  })
}

function refusesEvents(world: World): void {
  const append = (event: unknown) => codeOf(() => world.append(event as never))

  it('as an event is refused', async () => {
    for (const event of NOT_OBJECTS) {
      expect(await codeOf(() => world.append([event as never]))).toBe('INVALID_EVENT')
    }
  })

  it.each<[string, object]>([
    ['no type', { type: undefined }],
    ['an empty type', { type: '' }],
    ['a type too long', { type: 'a'.repeat(129) }],
    ['a type with a space', { type: 'order opened' }],
    ['a type that starts with a digit', { type: '1st' }],
    ['a stream of the service', { stream: '$audit' }],
    ['a stream with a star', { stream: 'orders*' }],
    ['a stream too long', { stream: 's'.repeat(257) }],
    ['a stream with half a character', { stream: `a${HALF}` }],
    ['ten thousand tags', { tags: Array(10_000).fill('t') }],
    ['a tag too long', { tags: ['t'.repeat(129)] }],
    ['a tag with half a character', { tags: [HALF] }],
    ['tags that are text', { tags: 'red' }],
    ['tags with holes', { tags: Array(2) }],
    ['schema version 0', { schemaVersion: 0 }],
    ['schema version NaN', { schemaVersion: Number.NaN }],
    ['a schema version in text', { schemaVersion: '1' }],
    ['a correlation id that is null', { correlationId: null }],
    ['a causation id too long', { causationId: 'c'.repeat(129) }],
    ['a parent that is no id', { parents: ['1_2'] }],
    ['a day that never was', { occurredAt: '2025-02-29T00:00:00Z' }],
    ['an unknown field', { position: 7 }],
    ['a field called constructor', { constructor: 'x' }],
    ['the agent in the event', { agentId: 'someone-else' }],
  ])('is refused: %s', async (_, part) => {
    expect(await append({ ...an('opened'), ...part })).toBe('INVALID_EVENT')
  })

  it('is refused with every finding and where it is', async () => {
    const error = await errorOf(() =>
      world.append([an('opened'), an('', { data: { 'a/b': [1, Number.NaN] }, tags: ['', 'fine'] })]),
    )
    expect(error.errors.map(({ pointer }) => pointer)).toEqual([
      '/events/1/type',
      '/events/1/data/a~1b/1',
      '/events/1/tags/0',
    ])
  })
}

function refusesData(world: World): void {
  it.each<[string, unknown, ErrorCode]>([
    ...NOT_OBJECTS.map((value): [string, unknown, ErrorCode] => [`that is ${typeof value}`, value, 'INVALID_EVENT']),
    ['that contains itself', cyclic(), 'INVALID_EVENT'],
    ['sixty-five levels deep', nested(65), 'INVALID_EVENT'],
    ['a hundred thousand levels deep', nested(100_000), 'INVALID_EVENT'],
    ['with NaN', { n: Number.NaN }, 'INVALID_EVENT'],
    ['with infinity', { n: [Number.NEGATIVE_INFINITY] }, 'INVALID_EVENT'],
    ['with undefined', { n: undefined }, 'INVALID_EVENT'],
    ['with a function', { n: () => 1 }, 'INVALID_EVENT'],
    ['with a bigint', { n: 1n }, 'INVALID_EVENT'],
    ['with a symbol', { n: Symbol('s') }, 'INVALID_EVENT'],
    ['with a date', { at: new Date(0) }, 'INVALID_EVENT'],
    ['with a map', { m: new Map() }, 'INVALID_EVENT'],
    ['with bytes', { b: new Uint8Array(2) }, 'INVALID_EVENT'],
    ['with a hole in an array', { list: Array(2) }, 'INVALID_EVENT'],
    ['with half a character in text', { t: `x${HALF}` }, 'INVALID_EVENT'],
    ['with half a character in a key', { [HALF]: 1 }, 'INVALID_EVENT'],
    ['with a getter that throws', Object.defineProperty({}, 'x', { enumerable: true, get: fail }), 'INVALID_REQUEST'],
    ['of more than a mebibyte', { text: 'x'.repeat(1_048_577) }, 'EVENT_TOO_LARGE'],
    ['of a mebibyte of two-byte characters', { text: 'é'.repeat(600_000) }, 'EVENT_TOO_LARGE'],
    ['packed, but not a map', new Packed(Uint8Array.of(0x90)), 'INVALID_EVENT'],
    ['packed, but cut off', new Packed(Uint8Array.of(0x81, 0xa1, 0x61)), 'INVALID_EVENT'],
    ['packed, with a key twice', new Packed(Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2)), 'INVALID_EVENT'],
    ['packed, of no bytes', new Packed(new Uint8Array(0)), 'INVALID_EVENT'],
    ['packed, of more than a mebibyte', new Packed(new Uint8Array(1_048_577)), 'EVENT_TOO_LARGE'],
    ['packed in something else', new Packed('bytes' as never), 'INVALID_EVENT'],
  ])('as data is refused: %s', async (_, data, code) => {
    expect(await codeOf(() => world.append(an('opened', { data: data as never })))).toBe(code)
  })

  it.each<[string, object]>([
    ['in one object', { data: keyed(LIMITS.eventKeys + 1) }],
    ['in many', { data: { list: Array.from({ length: LIMITS.eventKeys }, () => ({ k: 0 })) } }],
    ['in both parts together', { data: keyed(LIMITS.eventKeys - 1), metadata: keyed(2) }],
    ['packed', { data: new Packed(packed(keyed(LIMITS.eventKeys + 1))) }],
    ['packed in both parts', { data: new Packed(packed(keyed(9_000))), metadata: new Packed(packed(keyed(1_001))) }],
    ['packed and proven', { data: checkedPacked(packed(keyed(9_000))), metadata: keyed(1_001) }],
  ])('with more keys than an event may have is refused: %s', async (_, parts) => {
    const error = await errorOf(() => world.append(an('opened', parts)))
    expect(error.code).toBe('INVALID_EVENT')
    expect(error.errors[0]?.pointer).toMatch(/^\/events\/0/)
  })

  it('as metadata is refused beyond 64 KiB, counted in bytes', async () => {
    const metadata = { text: 'é'.repeat(40_000) }
    expect(await codeOf(() => world.append(an('opened', { metadata })))).toBe('EVENT_TOO_LARGE')
  })
}

function fail(): never {
  throw new Error('a getter of the caller')
}

function refusesReads(world: World): void {
  it.each<[string, unknown]>([
    ...NOT_OBJECTS.map((value): [string, unknown] => [`a request that is ${typeof value}`, value]),
    ['an unknown field', { offset: 3 }],
    ['after -1', { after: -1 }],
    ['after NaN', { after: Number.NaN }],
    ['after half', { after: 0.5 }],
    ['before in text', { before: '7' }],
    ['beyond what a number can count', { after: 2 ** 53 }],
    ['since no time', { since: 'yesterday' }],
    ['since a number', { since: 1_700_000_000 }],
    ['until a day that never was', { until: '2025-02-30T00:00:00Z' }],
    ['an unknown order', { order: 'newest' }],
    ['a limit of 0', { limit: 0 }],
    ['a limit of 10,001', { limit: 10_001 }],
    ['a limit of infinity', { limit: Number.POSITIVE_INFINITY }],
    ['a filter that is no object', { filter: ['orders'] }],
    ['an unknown filter', { filter: { stream: 'orders' } }],
    ['a stream that is no list', { filter: { streams: 'orders' } }],
    ['a stream no stream can match', { filter: { streams: ['no spaces'] } }],
    ['a type with half a character', { filter: { types: [HALF] } }],
    ['ten thousand tags', { filter: { tags: Array(10_000).fill('t') } }],
    ['an empty agent', { filter: { agents: [''] } }],
    ['a correlation id too long', { filter: { correlationId: 'c'.repeat(129) } }],
  ])('as a read is refused: %s', async (_, request) => {
    expect(await codeOf(() => world.store.read(request as never))).toBe('INVALID_REQUEST')
  })
}

function refusesLookups(world: World): void {
  const strangers = [undefined, null, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, {}, [], 1n, Symbol('s')]

  it('as a key of find is refused', async () => {
    for (const key of strangers) expect(await codeOf(() => world.store.find(key as never))).toBe('INVALID_REQUEST')
  })

  it('as the name of a stream is refused', async () => {
    for (const name of strangers) expect(await codeOf(() => world.store.stream(name as never))).toBe('INVALID_REQUEST')
  })

  it('as a position to wait beyond is refused', async () => {
    for (const position of ['1', ...strangers]) {
      expect(await codeOf(() => world.store.beyond(position as never))).toBe('INVALID_REQUEST')
    }
  })

  it('as text that names nothing finds nothing', async () => {
    for (const text of ['', HALF, 'x'.repeat(100_000), '__proto__', '1_0_node-1', '../../etc/passwd']) {
      expect(await world.store.find(text)).toBeUndefined()
      expect(await world.store.stream(text)).toBeUndefined()
    }
  })
}
