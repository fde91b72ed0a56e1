// Conformance: every read is what a naive search over all events would find, in position order or its reverse.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { RecordedEvent } from '../../src/contract/event.js'
import { parseId } from '../../src/contract/event-id.js'
import type { ReadRequest, StreamsRequest } from '../../src/contract/event-store.js'
import { parseTime } from '../../src/contract/rfc3339.js'
import { NEW_YEAR, SECOND } from '../support/manual-clock.js'
import { an, codeOf, collect, plain, type World } from './vocabulary.js'

export function describeReads(world: World): void {
  describe('a read', () => {
    tellsSearch(world)
    tellsHead(world)
    tellsServiceStreams(world)
  })
  describe('a look-up', () => tellsLookups(world))
  describe('a listing of streams', () => tellsListing(world))
}

/** The naive search, written apart from the product: regular expressions, no index, no shared rule. */
function wanted(event: RecordedEvent, request: ReadRequest): boolean {
  const { streams, types, tags, agents, correlationId, causationId, sessionId, causes, within } = request.filter ?? {}
  const anyOf = (wanted: string | readonly string[] | undefined, found: string | undefined) =>
    wanted === undefined || [wanted].flat().some(one => one === found)
  const glob = (pattern: string, text: string) =>
    new RegExp(`^${pattern.replace(/[.$]/g, '\\$&').replaceAll('*', '[^]*')}$`).test(text)
  const streamGlob = (pattern: string) =>
    glob(pattern, event.stream) && (pattern.startsWith('$') || !event.stream.startsWith('$'))
  const time = parseId(event.id)?.timestampNs as bigint
  const ns = (moment: string | bigint) => (typeof moment === 'bigint' ? moment : parseTime(moment))
  return [
    event.position > (request.after ?? 0),
    event.position < (request.before ?? Number.MAX_SAFE_INTEGER),
    request.since === undefined || time >= ns(request.since),
    request.until === undefined || time < ns(request.until),
    streams === undefined || streams.some(streamGlob),
    types === undefined || types.some(pattern => glob(pattern, event.type)),
    tags === undefined || tags.every(tag => event.tags.includes(tag)),
    agents === undefined || agents.includes(event.agentId),
    anyOf(correlationId, event.correlationId),
    anyOf(causationId, event.causationId),
    anyOf(sessionId, event.sessionId),
    causes === undefined || [event.causationId ?? '', ...(event.parents ?? [])].some(id => causes.includes(id)),
    within === undefined || within.some(streamGlob),
  ].every(Boolean)
}

const EVENTS = 60
/** `parents` are ids of events, if only of other logs. */
const CAUSE = '1_0_node-9'
const OTHER_CAUSE = '2_0_node-9'

/** Sixty events whose fields take turns at different rhythms; a second lies between batches. */
async function fill(world: World): Promise<void> {
  const at = (list: readonly string[], i: number) => list[i % list.length] as string
  for (let i = 0; i < EVENTS; i += 3) {
    const events = [i, i + 1, i + 2].map(n =>
      an(at(['task.opened', 'task.done', 'note', 'task.failed'], n), {
        stream: at(['agent_1', 'agent_2/tasks', 'public_news', '$audit', 'agent_1'], n),
        data: { n },
        tags: [at(['red', 'green'], n), at(['x', 'y', 'z'], n)].slice(0, n % 3),
        ...(n % 4 === 0 ? { sessionId: at(['s1', 's2'], n / 4) } : {}),
        ...(n % 5 === 0 ? { causationId: at(['c1', 'c2', CAUSE], n) } : {}),
        ...(n % 7 === 0 ? { parents: [CAUSE, OTHER_CAUSE].slice(n % 2) } : {}),
        ...(n % 2 === 0 ? { correlationId: at(['k1', 'k2', 'k3'], n) } : {}),
      }),
    )
    await world.append(events, { author: { agentId: '$service', correlationId: 'request' } })
    world.clock.move(SECOND)
  }
}

const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined })
const some = (...values: string[]) => optional(fc.uniqueArray(fc.constantFrom(...values), { maxLength: 3 }))
const oneOrSome = (...values: string[]) =>
  fc.option(fc.oneof(fc.constantFrom(...values), fc.uniqueArray(fc.constantFrom(...values), { maxLength: 3 })), {
    nil: undefined,
    freq: 1,
  })
const position = optional(fc.integer({ min: 0, max: EVENTS + 3 }))
const moment = fc
  .tuple(fc.integer({ min: -1, max: EVENTS / 3 + 1 }), fc.constantFrom(-1n, 0n, 1n), fc.boolean())
  .map(([seconds, nudge, asText]) => {
    const ns = NEW_YEAR + BigInt(seconds) * SECOND + nudge
    if (!asText) return ns
    const text = new Date(Number(ns / 1_000_000n)).toISOString()
    return `${text.slice(0, 20)}${String(ns % SECOND).padStart(9, '0')}Z`
  })

const requests: fc.Arbitrary<ReadRequest> = fc
  .record({
    filter: optional(
      fc.record({
        streams: some('agent_1', 'agent_*', '*', '$*', 'public_news', 'nowhere', '*/tasks', '$audit', '*1*'),
        types: some('note', 'task.*', '*e*', '*', 'task.done', 'missing', '*.*d'),
        tags: some('red', 'green', 'x', 'y', 'blue'),
        agents: some('a1', '$service', 'a2'),
        correlationId: oneOrSome('k1', 'k2', 'request', 'other'),
        causationId: oneOrSome('c1', 'c2', CAUSE, 'other'),
        causes: some('c1', CAUSE, OTHER_CAUSE, 'other'),
        sessionId: oneOrSome('s1', 's2', 'other'),
        within: some('*', '$*', 'agent_1', 'agent_2/*', 'public_*', 'nowhere', '$audit'),
      }),
    ),
    after: position,
    before: position,
    since: optional(moment),
    until: optional(moment),
    order: optional(fc.constantFrom('asc' as const, 'desc' as const)),
    limit: optional(fc.integer({ min: 1, max: EVENTS + 5 })),
  })
  .map(request => withoutUndefined(request) as ReadRequest)

function withoutUndefined(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, name === 'filter' ? withoutUndefined(value as object) : value]),
  )
}

function tellsSearch(world: World): void {
  it('finds what a naive search finds, whatever is asked', async () => {
    await fill(world)
    const all = await world.read()
    expect(all).toHaveLength(EVENTS)
    await fc.assert(
      fc.asyncProperty(requests, async request => {
        const matches = all.filter(event => wanted(event, request))
        if (request.order === 'desc') matches.reverse()
        const expected = matches.slice(0, request.limit).map(event => event.position)
        expect((await world.read(request)).map(event => event.position)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('pages through everything once, in both directions', async () => {
    await fill(world)
    const all = (await world.read()).map(event => event.position)
    const ascending: number[] = []
    for (let page = [0]; page.length > 0 && ascending.length <= EVENTS; ) {
      page = (await world.read({ after: page.at(-1) as number, limit: 7 })).map(event => event.position)
      ascending.push(...page)
    }
    expect(ascending).toEqual(all)
    const descending: number[] = []
    for (let page = [EVENTS + 1]; page.length > 0 && descending.length <= EVENTS; ) {
      const before = page.at(-1) as number
      page = (await world.read({ before, order: 'desc', limit: 7 })).map(event => event.position)
      descending.push(...page)
    }
    expect(descending).toEqual(all.toReversed())
  })
}

function tellsHead(world: World): void {
  it('ends at the head it began with, although events are added while it runs', async () => {
    await world.append([an('one'), an('two'), an('three')])
    const seen: string[] = []
    for await (const event of world.store.read({})) {
      seen.push(event.type)
      await world.append(an('later'))
    }
    expect(seen).toEqual(['one', 'two', 'three'])
  })

  it('begins with the call, not with the first event taken', async () => {
    await world.append(an('one'))
    const reading = world.store.read({})
    await world.append(an('later'))
    expect((await collect(reading)).map(event => event.type)).toEqual(['one'])
  })

  it('may be left early, and the store goes on', async () => {
    await world.append(Array.from({ length: 300 }, () => an('counted')))
    for await (const event of world.store.read({})) {
      if (event.position === 2) break
    }
    expect(await world.append(an('later'))).toMatchObject({ firstPosition: 301 })
  })

  it('finds nothing in a store without events', async () => {
    expect(await world.read()).toEqual([])
    expect(world.store.head()).toBe(0)
  })

  it('gives many readers at once the same events', async () => {
    await fill(world)
    const readings = await Promise.all(Array.from({ length: 10 }, () => world.read()))
    const texts = readings.map(events => JSON.stringify(events.map(plain)))
    expect(new Set(texts).size).toBe(1)
  })
}

function tellsServiceStreams(world: World): void {
  it('meets the streams of the service only when a pattern asks for them', async () => {
    const author = { agentId: '$service' }
    await world.append([an('started', { stream: '$system' }), an('opened')], { author })
    expect(await world.types({ filter: { streams: ['*'] } })).toEqual(['opened'])
    expect(await world.types({ filter: { streams: ['$*'] } })).toEqual(['started'])
    expect(await world.types()).toEqual(['started', 'opened'])
  })
}

function tellsLookups(world: World): void {
  it('finds an event by position and by id', async () => {
    const { events } = await world.append([an('opened'), an('paid', { stream: 'bills' })])
    for (const { id, position, stream } of events) {
      const byPosition = await world.store.find(position)
      expect(byPosition).toMatchObject({ id, position, stream })
      expect(await world.store.find(id)).toMatchObject({ id, position, stream })
    }
  })

  it('finds no event where none is', async () => {
    const { events } = await world.append([an('opened'), an('paid')])
    const id = events[1]?.id as string
    const { timestampNs, sequence } = parseId(id) as { timestampNs: bigint; sequence: number }
    const strangers = [
      0,
      3,
      Number.MAX_SAFE_INTEGER,
      '',
      '2',
      'nonsense',
      ` ${id}`,
      `0${id}`,
      `${timestampNs}_${sequence}_other-node`,
      `${timestampNs}_${sequence + 1}_node-1`,
      `${timestampNs - 1n}_0_node-1`,
      `${timestampNs + SECOND}_0_node-1`,
    ]
    for (const key of strangers) expect(await world.store.find(key)).toBeUndefined()
  })

  it('knows the head of every stream, and of no other', async () => {
    await world.append([an('opened'), an('paid'), an('seen', { stream: 'visits' }), an('shipped')])
    expect(await world.store.stream('orders')).toEqual({ stream: 'orders', revision: 2, lastPosition: 4 })
    expect(await world.store.stream('visits')).toEqual({ stream: 'visits', revision: 0, lastPosition: 3 })
    for (const name of ['order', 'orders ', 'ORDERS', '*', '', '__proto__', 'constructor']) {
      expect(await world.store.stream(name)).toBeUndefined()
    }
  })

  it('keeps streams apart that are named like parts of an object', async () => {
    await world.append(['constructor', 'toString', 'hasOwnProperty'].map(stream => an('opened', { stream })))
    expect(await world.store.stream('toString')).toEqual({ stream: 'toString', revision: 0, lastPosition: 2 })
    expect(await world.types({ filter: { streams: ['constructor'] } })).toEqual(['opened'])
  })
}

const listings = fc
  .record({
    streams: some('*', '$*', 'agent_*', '*s*', 'public_news', 'nowhere'),
    within: some('*', '$*', 'agent_1', 'agent_2/*', 'public_*'),
    after: optional(fc.constantFrom('', 'agent_1', 'agent_2', 'b', '$audit', 'zzz')),
    limit: optional(fc.integer({ min: 1, max: 6 })),
  })
  .map(request => withoutUndefined(request) as StreamsRequest)

function tellsListing(world: World): void {
  it('names each stream once, in order, whatever is asked', async () => {
    await fill(world)
    const all = [...new Set((await world.read()).map(event => event.stream))].sort()
    await fc.assert(
      fc.asyncProperty(listings, async request => {
        const { streams = ['*'], within, after = '', limit } = request
        const seen = { position: 1, id: '0_0_a', type: 'a', tags: [], agentId: 'a' } as unknown as RecordedEvent
        const listed = all.filter(
          stream =>
            stream > after && wanted({ ...seen, stream }, { filter: { streams, ...(within ? { within } : {}) } }),
        )
        expect(await collect(world.store.streams(request))).toEqual(listed.slice(0, limit))
      }),
      { numRuns: 100 },
    )
  })

  it('lists what was stored when it was asked', async () => {
    await world.append(an('one', { stream: 'b' }))
    const listing = world.store.streams({})
    await world.append([an('two', { stream: 'a' }), an('two', { stream: 'c' })])
    expect(await collect(listing)).toEqual(['b'])
    expect(await collect(world.store.streams({ after: 'a', limit: 1 }))).toEqual(['b'])
  })

  it.each([{ streams: ['a b'] }, { within: 'a' }, { after: 7 }, { limit: 0 }, { colour: 'red' }, null])(
    'refuses %j',
    async bad => {
      expect(await codeOf(() => world.store.streams(bad as never))).toBe('INVALID_REQUEST')
    },
  )
}
