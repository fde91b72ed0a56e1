// Mock agents of every manner against the server in process: what they counted, what the store has, and nothing lost between.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { tokenOf } from '../../../test/support/running-server.js'
import { type ServerInProcess, startFakeServer } from '../../../test/support/server-on-a-disk.js'
import { until } from '../../../test/support/until.js'
import { Lighthouse } from '../lighthouse.js'
import {
  BEHAVIOURS,
  EventDataGenerator,
  Fleet,
  failures,
  type GeneratedEvent,
  HttpMock,
  Ledger,
  latency,
  MockAgent,
} from './testing.js'

let server: ServerInProcess

beforeAll(async () => {
  server = await startFakeServer()
})

afterAll(() => server.stop())

const retry = { attempts: 20, firstDelayMs: 1, longestDelayMs: 10 }

function clientOf(agentId: string, fetch?: typeof globalThis.fetch): Lighthouse {
  const role = /^(validator|expert)/.test(agentId) ? 'expert_agent' : 'agent'
  return new Lighthouse({ url: server.url, token: () => tokenOf({ sub: agentId, role }), retry, fetch })
}

function take(count: number, events: Iterable<GeneratedEvent>): GeneratedEvent[] {
  const taken: GeneratedEvent[] = []
  for (const event of events) if (taken.push(event) === count) break
  return taken
}

test('a fleet of all behaviours loses and doubles nothing over a bad network, and links causes across agents', async () => {
  const lost = { kind: 'lose' } as const
  const patterns = [
    latency({ fromMs: 0, toMs: 3, slowShare: 0.02, slowMs: 20 }),
    failures(0.15, [lost, lost, { kind: 'refuse' }, { kind: 'cut', afterBytes: 20 }, { kind: 'answer', status: 502 }]),
  ]
  const http = new HttpMock({ seed: 4, patterns })
  const fleet = new Fleet(agentId => clientOf(agentId, http.fetch), { seed: 4, slowMs: 10 })
  const events = take(160, new EventDataGenerator({ seed: 'fleet', largeShare: 0.005 }).mix())
  await fleet.append(events)

  expect(new Set(fleet.agents.map(({ behaviour }) => behaviour))).toEqual(new Set(BEHAVIOURS))
  const { counts } = fleet
  expect([counts.appended, counts.acknowledged, fleet.ledger.acknowledgedCount]).toEqual([160, 160, 160])
  expect([counts.crashes, counts.conflicts, counts.refused, counts.repeated].map(count => count > 0)).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(http.calls.filter(({ fault }) => fault !== undefined).length).toBeGreaterThan(10)

  const reader = clientOf('reader')
  const compared = await fleet.ledger.compare(reader.read())
  expect(compared).toEqual({ stored: 160, lost: [], doubled: [], unknown: [], unacknowledged: 0 })

  const byId = new Map<string, string>()
  for await (const { id, agentId } of reader.read()) byId.set(id, agentId)
  let across = 0
  for await (const event of reader.read({ types: ['CommandApproved', 'CommandRejected'] })) {
    expect(byId.has(event.causationId ?? '')).toBe(true)
    if (byId.get(event.causationId ?? '') !== event.agentId) across++
  }
  expect(across).toBeGreaterThan(10)
})

test('the same again stores nothing, for every event has a key of its own', async () => {
  const events = take(
    20,
    new EventDataGenerator({ seed: 'again', largeShare: 0 }).agentSession('tester', { seconds: 3_600 }),
  )
  const fleets = [1, 2].map(() => new Fleet(clientOf, { behaviourOf: () => 'steady' }))
  for (const fleet of fleets) await fleet.append(events)
  expect(fleets.map(({ counts }) => [counts.acknowledged, counts.repeated])).toEqual([
    [20, 0],
    [20, 20],
  ])
})

describe('at a group', () => {
  test('agents of all behaviours settle every event, and their counts add up to what the group says', async () => {
    const owner = clientOf('owner')
    const stream = 'agent_owner/tasks'
    await owner.appendTo(
      stream,
      take(60, new EventDataGenerator({ seed: 6 }).validationStream(0)).map(({ event }) => ({
        type: 'TaskOffered',
        data: { of: event.type },
      })),
    )
    const agents = BEHAVIOURS.map(
      behaviour =>
        new MockAgent(clientOf(`worker-${behaviour}`), new Ledger(), {
          agentId: `worker-${behaviour}`,
          behaviour,
          share: 0.3,
          slowMs: 10,
          seed: 2,
        }),
    )
    const consumers = { agents: ['worker-*'] }
    const group = owner.group('tasks')
    await group.define({ streams: stream, after: 'start', ackTimeoutSeconds: 1, maxAttempts: 100, consumers })

    const enough = new AbortController()
    const handled: number[] = []
    const working = agents.map(agent =>
      agent.work(clientOf(agent.agentId).group('tasks'), {
        signal: enough.signal,
        max: 4,
        handle: ({ event }) => void handled.push(event.position),
      }),
    )
    await until(async () => {
      const progress = (await group.status())?.progress
      return progress?.lag === 0 && progress.inFlight === 0 && progress.retrying === 0
    })
    enough.abort()
    await Promise.all(working)

    const sum = (name: keyof MockAgent['counts']) => agents.reduce((total, { counts }) => total + counts[name], 0)
    expect(sum('acked')).toBe(60)
    expect(new Set(handled).size).toBe(60)
    expect(sum('taken')).toBe(sum('acked') + sum('nacked') + sum('stale') + sum('crashes'))
    expect([sum('nacked') > 0, sum('crashes') > 0, sum('redelivered') > 0]).toEqual([true, true, true])
  })
})

test('a comparison names what was lost, what is there twice, and what nobody wrote', async () => {
  const ledger = new Ledger()
  for (const ref of ['a', 'b', 'c', 'd']) ledger.begin(ref)
  for (const [ref, position] of [
    ['a', 1],
    ['b', 2],
    ['c', 9],
  ] as const)
    ledger.acknowledge(ref, { id: ref, position })
  async function* stored() {
    yield { position: 1, metadata: { ref: 'a' } }
    yield { position: 2, metadata: { ref: 'b' } }
    yield { position: 3, metadata: { ref: 'b' } }
    yield { position: 4, metadata: { ref: 'd' } }
    yield { position: 5, metadata: { ref: 'strange' } }
    yield { position: 6 }
  }
  expect(await ledger.compare(stored())).toEqual({
    stored: 3,
    lost: ['c'],
    doubled: ['b'],
    unknown: ['strange', 6],
    unacknowledged: 1,
  })
})

test('an agent that is told to end in the middle of an append, or while it waits for a cause, ends with the reason', async () => {
  const over = new AbortController()
  // A server that never answers.
  const silent: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      setImmediate(() => over.abort(new Error('that was all')))
    })
  const fleet = new Fleet(() => clientOf('builder-1', silent), { seed: 1, behaviourOf: () => 'steady' })
  const events = take(20, new EventDataGenerator({ seed: 1 }).mix({ agents: 5 }))
  await expect(fleet.append(events, over.signal)).rejects.toThrow('that was all')
})

test('an agent that settles twice goes on where the second time comes too late', async () => {
  const owner = new Lighthouse({ url: server.url, token: () => tokenOf({ sub: 'owner', role: 'admin' }), retry })
  const stream = 'agent_owner/settled-twice'
  await owner.append(Array.from({ length: 5 }, () => ({ stream, type: 'TaskCreated', data: {} })))
  await owner.group('twice').define({ streams: stream, after: 'start', consumers: { agents: ['twice-*'] } })
  const settled = new Set<string>()
  const late: typeof fetch = (url, init) => {
    const body = String(init?.body)
    if (!String(url).endsWith('/ack') || !settled.has(body)) {
      settled.add(body)
      return fetch(url, init)
    }
    return fetch(url, { ...init, body: JSON.stringify({ tokens: ['999.9'] }) })
  }
  const agent = new MockAgent(clientOf('twice-1', late), new Ledger(), {
    agentId: 'twice-1',
    behaviour: 'duplicating',
    share: 1,
  })
  const enough = new AbortController()
  const working = agent.work(clientOf('twice-1', late).group('twice'), { signal: enough.signal, max: 2 })
  await until(async () => (await owner.group('twice').status())?.progress.lag === 0)
  enough.abort()
  await working
  expect(agent.counts).toMatchObject({ taken: 5, acked: 5 })
})
