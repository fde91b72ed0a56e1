// Conditions that take long to look into: they hold up nobody but themselves, and are decided like all others.
import { describe, expect, it } from '@jest/globals'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import type { Condition } from '../../contract/condition.js'
import type { AppendRequest } from '../../contract/event-store.js'
import { SEARCH_LIMITS } from './costly-searches.js'
import { type EmbeddedStore, openEmbedded } from './embedded-store.js'

const author = { agentId: 'a' }
const GROUPS = 8
const BATCHES = 8

const evens = Array.from({ length: GROUPS }, (_, i) => `even-${i}`)
const odds = Array.from({ length: GROUPS }, (_, i) => `odd-${i}`)

/** No event has an even tag and an odd one, but to see that every event has to be looked at, for each pair anew. */
function wide(more: Partial<Condition> = {}): Condition {
  const items = evens.flatMap(even => odds.slice(0, 4).map(odd => ({ tags: [even, odd] })))
  return { failIfEventsMatch: { items }, ...more }
}

const noted = (more: Partial<AppendRequest> = {}, tags: readonly string[] = []): AppendRequest => ({
  author,
  events: [{ type: 'Noted', stream: 's', data: {}, tags }],
  ...more,
})

async function crowded(): Promise<EmbeddedStore> {
  const store = await openEmbedded({ directory: '/data', nodeId: 'n1', disk: new FakeDisk(), idleMarkMs: 0 })
  for (let batch = 0; batch < BATCHES; batch++) {
    const events = Array.from({ length: 1_000 }, (_, i) => {
      return { type: 'Noted', stream: 'crowd', data: {}, tags: i % 2 === 0 ? evens : odds }
    })
    await store.append({ author, events })
  }
  return store
}

async function withCrowd(use: (store: EmbeddedStore) => Promise<void>): Promise<void> {
  const store = await crowded()
  try {
    await use(store)
  } finally {
    await store.close()
  }
}

const codeOf = (error: unknown) => (error as { code?: string }).code

describe('a condition that takes long to look into', () => {
  it('lets an append that comes behind it go first', () =>
    withCrowd(async store => {
      const order: string[] = []
      const slow = store.append(noted({ condition: wide() })).then(() => order.push('wide'))
      await store.append(noted()).then(() => order.push('plain'))
      await slow
      expect(order).toEqual(['plain', 'wide'])
    }))

  it('fails by what is stored while it is looked into, even at the last moment', () =>
    withCrowd(async store => {
      const late = noted({}, [evens[0] as string, odds[0] as string])
      const slow = store.append(noted({ condition: wide() })).catch(codeOf)
      const { firstPosition } = await store.append(late)
      expect(await slow).toBe('CONDITION_FAILED')
      await expect(store.append(noted({ condition: wide() }))).rejects.toMatchObject({
        violations: [{ kind: 'condition', position: firstPosition }],
      })
      expect(await store.append(noted({ condition: wide({ after: firstPosition }) }))).toMatchObject({
        duplicate: false,
      })
    }))

  it('is stored once under its key, however often it is sent meanwhile', () =>
    withCrowd(async store => {
      const head = store.head()
      const same = () => store.append(noted({ condition: wide(), key: 'k' }))
      const answers = await Promise.all([same(), same(), same()])
      expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
      expect(store.head()).toBe(head + 1)
    }))

  it('names what its stream expected, too', () =>
    withCrowd(async store => {
      await store.append(noted({}, [evens[0] as string, odds[0] as string]))
      const expectations = [{ stream: 'crowd', expectedRevision: 'none' as const }]
      await expect(store.append(noted({ condition: wide(), expectations }))).rejects.toMatchObject({
        code: 'REVISION_CONFLICT',
        violations: [{ kind: 'revision' }, { kind: 'condition' }],
      })
    }))

  it('is bounded in number for each agent, and no other agent waits for that', () =>
    withCrowd(async store => {
      const many = Array.from({ length: 2 * SEARCH_LIMITS.perAgent }, () => {
        return store.append(noted({ condition: wide() })).then(() => 'stored', codeOf)
      })
      const other = store.append({ ...noted({ condition: wide() }), author: { agentId: 'b' } })
      expect(store.status().queued).toBeGreaterThan(0)
      const first = await Promise.race([other.then(() => 'the other'), Promise.all(many).then(() => 'all of the many')])
      expect(first).toBe('the other')
      const codes = await Promise.all(many)
      expect(new Set(codes)).toEqual(new Set(['stored', 'WORK_LIMIT']))
      expect(codes.filter(code => code === 'stored').length).toBeGreaterThanOrEqual(SEARCH_LIMITS.perAgent)
      expect(store.status()).toMatchObject({ queued: 0, queuedBytes: 0 })
    }))

  it('is turned away when the store closes, with nothing stored', async () => {
    const store = await crowded()
    const head = store.head()
    const slow = store.append(noted({ condition: wide() })).catch(codeOf)
    const closed = store.close()
    expect(await slow).toBe('CLOSED')
    await closed
    expect(store.head()).toBe(head)
  })
})
