// Conformance: waiting for the head, closing, and opening again.
import { describe, expect, it } from '@jest/globals'
import { compareIds, type IdParts, parseId } from '../../src/contract/event-id.js'
import { HOUR } from '../support/manual-clock.js'
import { an, codeOf, outcomesOf, plain, type World } from './vocabulary.js'

export function describeLife(world: World, facts: { readonly survivesReopening: boolean }): void {
  describe('waiting beyond a position', () => tellsWaiting(world))
  describe('the status', () => tellsStatus(world))
  describe('closing', () => tellsClosing(world))
  if (facts.survivesReopening) describe('opening again', () => tellsReopening(world))
}

function tellsWaiting(world: World): void {
  it('answers at once when the head is already beyond', async () => {
    await world.append([an('opened'), an('paid')])
    expect(await world.store.beyond(0)).toBe(2)
    expect(await world.store.beyond(1)).toBe(2)
  })

  it('answers when an append passes the position, with what can be read', async () => {
    await world.append(an('opened'))
    const waiting = world.store.beyond(1)
    await world.append(an('paid'))
    const head = await waiting
    expect(head).toBe(2)
    expect(await world.types({ after: 1 })).toEqual(['paid'])
  })

  it('does not answer before the position is passed', async () => {
    let answered = false
    const waiting = world.store.beyond(2).then(head => {
      answered = true
      return head
    })
    await world.append(an('one'))
    await world.append(an('two'))
    expect(answered).toBe(false)
    await world.append(an('three'))
    expect(await waiting).toBe(3)
  })

  it('answers everyone who waits', async () => {
    const waiting = Array.from({ length: 50 }, (_, i) => world.store.beyond(i % 2))
    await world.append([an('one'), an('two')])
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 50 }, () => 2))
  })

  it('ends when the caller gives up, before or meanwhile', async () => {
    expect(await codeOf(() => world.store.beyond(0, AbortSignal.abort()))).toBe('ABORTED')
    const patience = new AbortController()
    const waiting = codeOf(() => world.store.beyond(0, patience.signal))
    const patient = world.store.beyond(0)
    patience.abort()
    expect(await waiting).toBe('ABORTED')
    await world.append(an('opened'))
    expect(await patient).toBe(1)
  })

  it('lets a follower see every event once, in order', async () => {
    const seen: number[] = []
    const follower = (async () => {
      for (let position = 0; position < 60; ) {
        await world.store.beyond(position)
        for (const event of await world.read({ after: position })) {
          seen.push(event.position)
          position = event.position
        }
      }
    })()
    for (let i = 0; i < 20; i++) await Promise.all([world.append(an('x')), world.append([an('y'), an('z')])])
    await follower
    expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
  })
}

function tellsStatus(world: World): void {
  it('tells the head and that the store is well', async () => {
    await world.append([an('opened'), an('paid')])
    const status = world.store.status()
    expect(status).toMatchObject({
      head: 2,
      first: 1,
      write: { writable: true },
      damaged: [],
      queued: 0,
      queuedBytes: 0,
    })
    expect(status.backend).not.toBe('')
    if (status.size !== undefined) expect(status.size.bytes).toBeGreaterThan(0)
    for (const value of Object.values(status.details)) {
      expect(value === null || ['string', 'number', 'boolean'].includes(typeof value)).toBe(true)
    }
  })
}

function tellsClosing(world: World): void {
  it('answers every append that came before', async () => {
    const appends = Array.from({ length: 20 }, () => world.append(an('opened')))
    const closing = world.store.close()
    expect(await outcomesOf(appends)).toEqual({ stored: 20, codes: [] })
    await closing
    expect(world.store.head()).toBe(20)
  })

  it('refuses whatever comes after', async () => {
    const { events } = await world.append(an('opened'))
    await world.store.close()
    const id = events[0]?.id as string
    expect(await codeOf(() => world.append(an('late')))).toBe('CLOSED')
    expect(await codeOf(() => world.store.read({}))).toBe('CLOSED')
    expect(await codeOf(() => world.store.find(1))).toBe('CLOSED')
    expect(await codeOf(() => world.store.find(id))).toBe('CLOSED')
    expect(await codeOf(() => world.store.stream('orders'))).toBe('CLOSED')
    expect(await codeOf(() => world.store.beyond(1))).toBe('CLOSED')
  })

  it('refuses an append that comes while it closes', async () => {
    await world.append(an('opened'))
    const closing = world.store.close()
    expect(await codeOf(() => world.append(an('late')))).toBe('CLOSED')
    await closing
  })

  it('ends every wait', async () => {
    const waiting = [0, 1, 99].map(position => codeOf(() => world.store.beyond(position)))
    await world.store.close()
    expect(await Promise.all(waiting)).toEqual(['CLOSED', 'CLOSED', 'CLOSED'])
  })

  it('may be asked for again and again', async () => {
    await Promise.all([world.store.close(), world.store.close()])
    await world.store.close()
    expect(world.store.status().write).toMatchObject({ writable: false, reason: 'closed' })
  })
}

function tellsReopening(world: World): void {
  it('finds everything as it was', async () => {
    await world.append([an('opened', { tags: ['vip'], metadata: { a: 1 } }), an('paid', { data: { total: 7 } })])
    await world.append(an('seen', { stream: 'visits' }), { author: { agentId: 'a2', onBehalfOf: ['a1'] } })
    const before = (await world.read()).map(plain)
    const store = await world.reopen()
    expect(store.head()).toBe(3)
    expect((await world.read()).map(plain)).toEqual(before)
    expect(await store.stream('orders')).toEqual({ stream: 'orders', revision: 1, lastPosition: 2 })
    expect(await store.find(before[2]?.['id'] as string)).toMatchObject({ position: 3 })
    expect(await world.types({ filter: { tags: ['vip'] } })).toEqual(['opened'])
  })

  it('goes on where it stopped: positions, revisions, preconditions', async () => {
    await world.append([an('opened'), an('paid')])
    await world.reopen()
    const stale = { expectations: [{ stream: 'orders', expectedRevision: 'none' as const }] }
    expect(await codeOf(() => world.append(an('opened'), stale))).toBe('REVISION_CONFLICT')
    const taken = { condition: { failIfEventsMatch: { items: [{ types: ['paid'] }] } } }
    expect(await codeOf(() => world.append(an('paid'), taken))).toBe('CONDITION_FAILED')
    const { events } = await world.append(an('shipped'))
    expect(events[0]).toMatchObject({ position: 3, revision: 2 })
  })

  it('gives ids beyond all before, although the clock has stepped back', async () => {
    for (let life = 0; life < 4; life++) {
      await world.append([an('opened'), an('paid')])
      world.clock.move(-HOUR)
      await world.reopen()
    }
    const ids = (await world.read()).map(event => parseId(event.id) as IdParts)
    for (let i = 1; i < ids.length; i++) expect(compareIds(ids[i - 1] as IdParts, ids[i] as IdParts)).toBeLessThan(0)
  })

  it('opens a store that never had an event', async () => {
    const store = await world.reopen()
    expect(store.head()).toBe(0)
    await world.append(an('opened'))
    expect(store.head()).toBe(1)
  })
}
