// Conformance: what an append promises. Order, density, atomic batches, ids.
import { describe, expect, it } from '@jest/globals'
import { compareIds, formatId, type IdParts, parseId } from '../../src/contract/event-id.js'
import { LIMITS } from '../../src/contract/limits.js'
import { HOUR, SECOND, YEAR } from '../support/manual-clock.js'
import { an, codeOf, outcomesOf, plain, type World } from './vocabulary.js'

export function describeAppends(world: World): void {
  describe('an append', () => {
    tellsAnswers(world)
    tellsBatches(world)
    tellsIds(world)
    tellsSizes(world)
  })
}

/** What a map of one text, called `text`, takes beside the text itself when that is long. */
const TEXT_BYTES = 1 + 5 + 5

function tellsSizes(world: World): void {
  it('is taken when it fits to the byte, and refused with one byte more', async () => {
    const whole = { text: 'x'.repeat(LIMITS.eventBytes - TEXT_BYTES) }
    await world.append(Array(LIMITS.batchBytes / LIMITS.eventBytes).fill(an('opened', { data: whole })))
    const more = { text: `${whole.text}x` }
    expect(await codeOf(() => world.append(an('opened', { data: more })))).toBe('EVENT_TOO_LARGE')
    const metadata = { text: 'x'.repeat(LIMITS.metadataBytes - TEXT_BYTES) }
    const rest = { text: 'x'.repeat(LIMITS.eventBytes - LIMITS.metadataBytes - TEXT_BYTES) }
    await world.append(an('opened', { data: rest, metadata }))
    expect(await codeOf(() => world.append(an('opened', { data: whole, metadata: {} })))).toBe('EVENT_TOO_LARGE')
    const batch = [...Array(LIMITS.batchBytes / LIMITS.eventBytes).fill(an('opened', { data: whole })), an('opened')]
    expect(await codeOf(() => world.append(batch))).toBe('BATCH_TOO_LARGE')
  })

  it('is measured with its numbers in their shortest form', async () => {
    const numbers = { list: Array(340_000).fill(1_000) }
    await world.append(an('opened', { data: numbers }))
    expect((await world.read())[0]?.packedBytes()).toBe(1 + 5 + 5 + 340_000 * 3)
  })
}

function tellsAnswers(world: World): void {
  it('answers with the place of every event', async () => {
    const answer = await world.append([an('opened'), an('paid'), an('seen', { stream: 'visits' })])
    expect(answer.events.map(({ stream, position, revision }) => [stream, position, revision])).toEqual([
      ['orders', 1, 0],
      ['orders', 2, 1],
      ['visits', 3, 0],
    ])
    expect(answer).toMatchObject({ firstPosition: 1, lastPosition: 3, duplicate: false })
    expect(['fsync', 'quorum', 'memory']).toContain(answer.durability)
  })

  it('answers with exactly what a read will say', async () => {
    const answer = await world.append([an('opened'), an('paid')])
    const read = await world.read()
    expect(answer.events).toEqual(
      read.map(({ id, position, stream, revision, timestamp }) => ({ id, position, stream, revision, timestamp })),
    )
  })

  it('is read back as soon as it is answered', async () => {
    for (const type of ['one', 'two', 'three']) {
      const { lastPosition } = await world.append(an(type))
      expect(world.store.head()).toBe(lastPosition)
      expect((await world.read({ after: lastPosition - 1 }))[0]?.type).toBe(type)
    }
  })

  it('keeps positions and revisions dense under many writers at once', async () => {
    const streams = ['a', 'b', 'c', 'd']
    const appends = Array.from({ length: 100 }, (_, i) => {
      const stream = streams[i % streams.length] as string
      return world.append(Array.from({ length: 1 + (i % 3) }, () => an('counted', { stream })))
    })
    expect((await outcomesOf(appends)).codes).toEqual([])
    const events = await world.read()
    expect(events.map(event => event.position)).toEqual(events.map((_, i) => i + 1))
    for (const stream of streams) {
      const revisions = events.filter(event => event.stream === stream).map(event => event.revision)
      expect(revisions).toEqual(revisions.map((_, i) => i))
    }
  })

  it('keeps the order in which one writer asked', async () => {
    const types = Array.from({ length: 50 }, (_, i) => `step-${i}`)
    await Promise.all(types.map(type => world.append(an(type))))
    expect(await world.types()).toEqual(types)
  })

  it('takes what was asked, whatever the caller does to the object afterwards', async () => {
    const data = { total: 1, lines: ['first'] }
    const tags = ['kept']
    const appending = world.append(an('opened', { data, tags }))
    data.total = 2
    data.lines.push('second')
    tags.push('lost')
    await appending
    expect((await world.read())[0]).toMatchObject({ data: { total: 1, lines: ['first'] }, tags: ['kept'] })
  })
}

function tellsBatches(world: World): void {
  it('stores a batch at consecutive positions although others append too', async () => {
    const batches = await Promise.all(
      Array.from({ length: 20 }, (_, i) => world.append(Array.from({ length: 5 }, () => an(`batch-${i}`)))),
    )
    for (const { events, firstPosition, lastPosition } of batches) {
      expect(events.map(event => event.position)).toEqual([0, 1, 2, 3, 4].map(i => firstPosition + i))
      expect(lastPosition).toBe(firstPosition + 4)
    }
  })

  it('stores a batch of one thousand', async () => {
    const answer = await world.append(Array.from({ length: 1_000 }, (_, i) => an('counted', { data: { i } })))
    expect(answer.events).toHaveLength(1_000)
    expect((await world.read({ order: 'desc', limit: 1 }))[0]).toMatchObject({ position: 1_000, data: { i: 999 } })
  })

  it('stores nothing of a batch with one bad event', async () => {
    const batch = [an('opened'), an('not a type'), an('paid')]
    expect(await codeOf(() => world.append(batch))).toBe('INVALID_EVENT')
    expect(world.store.head()).toBe(0)
    expect(await world.read()).toEqual([])
  })

  it('leaves no gap behind a refused append', async () => {
    await world.append(an('opened'))
    await codeOf(() => world.append(an('paid'), { expectations: [{ stream: 'orders', expectedRevision: 'none' }] }))
    expect((await world.append(an('paid'))).events[0]).toMatchObject({ position: 2, revision: 1 })
  })
}

function tellsIds(world: World): void {
  async function ids(): Promise<IdParts[]> {
    return (await world.read()).map(event => parseId(event.id) as IdParts)
  }

  it('gives ids that grow with the position, within a tick and when the clock steps back', async () => {
    for (const step of [0n, SECOND, -HOUR, 0n, 10n * YEAR, -10n * YEAR, 1n]) {
      world.clock.move(step)
      await world.append([an('counted'), an('counted')])
    }
    const read = await ids()
    for (let i = 1; i < read.length; i++) {
      expect(compareIds(read[i - 1] as IdParts, read[i] as IdParts)).toBeLessThan(0)
    }
  })

  it('takes ids and timestamps from the clock, and writes them in one way', async () => {
    world.clock.move(123_456_789n)
    const { events } = await world.append([an('opened'), an('paid')])
    const [first, second] = events
    expect(first?.timestamp).toBe('2026-01-01T00:00:00.123456789Z')
    expect(parseId(first?.id ?? '')).toMatchObject({ timestampNs: world.clock.now() })
    for (const { id } of [first, second] as { id: string }[]) {
      const { timestampNs, sequence, nodeId } = parseId(id) as IdParts
      expect(formatId(timestampNs, sequence, nodeId)).toBe(id)
    }
  })

  it('never lets a timestamp be earlier than the one before', async () => {
    for (const step of [SECOND, -HOUR, 5n, -YEAR]) {
      world.clock.move(step)
      await world.append(an('counted'))
    }
    const timestamps = (await world.read()).map(event => event.timestamp)
    expect(timestamps).toEqual([...timestamps].sort())
  })

  it('says who wrote an event and in which context, from the author alone', async () => {
    const author = {
      agentId: 'a7',
      onBehalfOf: ['boss', 'owner'],
      correlationId: 'request-1',
      traceparent: '00-ab-cd-01',
    }
    await world.append([an('opened'), an('paid', { correlationId: 'own' })], { author })
    const [opened, paid] = (await world.read()).map(plain)
    expect(opened).toMatchObject(author)
    expect(paid).toMatchObject({ ...author, correlationId: 'own' })
  })
}
