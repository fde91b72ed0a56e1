// Causes, effects and stories over HTTP: whole, within limits, and never of what the caller may not read.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { agent, jsonOf, useServer } from '../../test/support/http-server-under-test.js'
import { IndexModule } from './indexing.module.js'

const server = useServer(IndexModule)

interface Causes {
  readonly causationId?: string
  readonly parents?: readonly string[]
}

async function append(stream: string, causes: Causes = {}, correlationId = 'c'): Promise<string> {
  const event = { type: 'Noted', stream, data: {}, correlationId, ...causes }
  const { events } = await server.store.append({ events: [event], author: { agentId: 'writer' } })
  return (events[0] as { id: string }).id
}

interface Told {
  readonly events: { readonly id: string; readonly depth: number; readonly missing: boolean }[]
  readonly links: { readonly cause: string; readonly effect: string; readonly by: string }[]
  readonly complete: boolean
}

const causes = (id: string, query = '', as = agent('a', 'system_agent')): Promise<Told> =>
  jsonOf(server.call(`/v1/events/${id}/causes${query}`, { as }))
const effects = (id: string, query = '', as = agent('a', 'system_agent')): Promise<Told> =>
  jsonOf(server.call(`/v1/events/${id}/effects${query}`, { as }))
const ids = ({ events }: Told) => events.map(({ id }) => id)

describe('why an event happened', () => {
  test('is told level by level, and what is missing is shown as missing', async () => {
    const order = await append('s')
    const plan = await append('s', { causationId: order })
    const built = await append('s', { causationId: plan, parents: [order, '7_0_elsewhere'] })
    const answer = await causes(built)
    expect(answer).toEqual({
      events: [
        expect.objectContaining({ id: built, depth: 0, missing: false, stream: 's', type: 'Noted', agentId: 'writer' }),
        expect.objectContaining({ id: plan, depth: 1, missing: false }),
        expect.objectContaining({ id: order, depth: 1, missing: false }),
        { id: '7_0_elsewhere', depth: 1, missing: true },
      ],
      links: [
        { cause: plan, effect: built, by: 'causation' },
        { cause: order, effect: built, by: 'parent' },
        { cause: '7_0_elsewhere', effect: built, by: 'parent' },
        { cause: order, effect: plan, by: 'causation' },
      ],
      complete: true,
    })
    expect(ids(await effects(order))).toEqual([order, plan, built])
    expect((await effects(order)).links).toEqual([
      { cause: order, effect: plan, by: 'causation' },
      { cause: order, effect: built, by: 'parent' },
      { cause: plan, effect: built, by: 'causation' },
    ])
  })

  test('ends at the limits, and says so', async () => {
    let id = await append('chain')
    const chain = [id]
    for (let n = 0; n < 12; n++) {
      id = await append('chain', { causationId: id })
      chain.push(id)
    }
    expect(await causes(id, '?depth=3')).toMatchObject({ events: { length: 4 }, complete: false })
    expect(await causes(id, '?depth=12')).toMatchObject({ events: { length: 13 }, complete: true })
    expect(await causes(id, '?depth=100&limit=5')).toMatchObject({ events: { length: 6 }, complete: false })
    expect(await effects(chain[0] as string, '?depth=3')).toMatchObject({ events: { length: 4 }, complete: false })
    expect(await effects(chain[0] as string, '?depth=12')).toMatchObject({ events: { length: 13 }, complete: true })
    expect(await effects(chain[0] as string, '?depth=100&limit=5')).toMatchObject({
      events: { length: 6 },
      complete: false,
    })
    for (const query of ['depth=0', 'depth=101', 'limit=0', 'limit=1001', 'colour=1']) {
      expect((await server.call(`/v1/events/${id}/causes?${query}`)).status).toBe(400)
    }
  })

  test('is whole when the limit is just enough, also where ways meet', async () => {
    const order = await append('s')
    const one = await append('s', { causationId: order })
    const other = await append('s', { causationId: order })
    const end = await append('s', { parents: [one, other] })
    const answer = await causes(end, '?limit=3')
    expect(ids(answer)).toEqual([end, one, other, order])
    expect([answer.links.length, answer.complete]).toEqual([4, true])
    expect(await effects(order, '?limit=3')).toMatchObject({ complete: true, events: { length: 4 } })
    expect((await causes(end, '?limit=2')).complete).toBe(false)
  })

  test('tells nothing of what the caller may not read', async () => {
    const hidden = await append('secret/1')
    const seen = await append('public_1', { causationId: hidden })
    const after = await append('secret/1', { causationId: seen })
    const guest = agent('g', 'guest')
    expect(await causes(seen, '', guest)).toMatchObject({ events: [{ id: seen }, { id: hidden, missing: true }] })
    expect(await causes(seen, '', guest)).not.toHaveProperty('events.1.stream')
    expect(await effects(seen, '', guest)).toMatchObject({ events: [{ id: seen }], links: [] })
    expect(ids(await effects(seen))).toEqual([seen, after])
    expect((await server.call(`/v1/events/${hidden}/causes`, { as: guest })).status).toBe(404)
    expect((await server.call('/v1/events/nonsense/effects')).status).toBe(404)
  })

  test('is what a naive walk over all events finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 25 }), async shape => {
        const made: { id: string; causes: string[] }[] = []
        for (const picks of shape) {
          const named = made.length === 0 ? [] : [...new Set(picks.map(pick => made[pick % made.length]?.id as string))]
          const [causationId, ...parents] = named
          const id = await append('dag', {
            ...(causationId && { causationId }),
            ...(parents.length > 0 && { parents }),
          })
          made.push({ id, causes: named })
        }
        const naive = (start: string, next: (id: string) => string[]) => {
          const seen = new Set([start])
          for (const id of seen) for (const more of next(id)) seen.add(more)
          return [...seen].sort()
        }
        const causesOf = (id: string) => made.find(event => event.id === id)?.causes ?? []
        const effectsOf = (id: string) => made.filter(event => event.causes.includes(id)).map(event => event.id)
        const some = made[Math.floor(made.length / 2)]?.id as string
        const up = await causes(some, '?depth=100&limit=1000')
        const down = await effects(some, '?depth=100&limit=1000')
        expect(ids(up).sort()).toEqual(naive(some, causesOf))
        expect(ids(down).sort()).toEqual(naive(some, effectsOf))
        const links = (told: Told) => told.links.map(({ cause, effect }) => `${cause} > ${effect}`).sort()
        expect(links(up)).toEqual(
          ids(up)
            .flatMap(id => causesOf(id).map(cause => `${cause} > ${id}`))
            .sort(),
        )
        expect(links(down)).toEqual(
          ids(down)
            .flatMap(id => effectsOf(id).map(effect => `${id} > ${effect}`))
            .sort(),
        )
      }),
      { numRuns: 15 },
    )
  })
})

describe('a story', () => {
  test('is told in the order of the log, with what lies outside of it', async () => {
    const before = await append('s', {}, 'another story')
    const one = await append('s', { causationId: before }, 'story')
    const two = await append('t', { causationId: one }, 'story')
    const three = await append('s', { parents: [two, one] }, 'story')
    const told = await jsonOf(server.call('/v1/correlations/story'))
    expect(told).toMatchObject({
      correlationId: 'story',
      events: [{ id: one }, { id: two }, { id: three }],
      outside: [before],
      next: null,
    })
    expect(told.links).toEqual([
      { cause: before, effect: one, by: 'causation' },
      { cause: one, effect: two, by: 'causation' },
      { cause: two, effect: three, by: 'parent' },
      { cause: one, effect: three, by: 'parent' },
    ])
    const page = await jsonOf(server.call('/v1/correlations/story?limit=2'))
    expect(ids(page)).toEqual([one, two])
    expect(ids(await jsonOf(server.call(`/v1/correlations/story?limit=2&after=${page.next}`)))).toEqual([three])
    expect(
      ids(await jsonOf(server.call('/v1/correlations/story', { as: agent('x', 'agent', { 'events.read': ['t'] }) }))),
    ).toEqual([two])
  })

  test('that nobody tells is not found', async () => {
    for (const path of ['nowhere', 'x'.repeat(200)]) {
      expect((await server.call(`/v1/correlations/${path}`)).status).toBe(404)
    }
    expect((await server.call('/v1/correlations/c', { as: agent('g', 'guest', {}) })).status).toBe(403)
  })
})
