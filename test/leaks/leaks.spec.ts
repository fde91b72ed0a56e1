// What a token may not read does not exist for it: every surface answers as if the events had never been stored.
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Access, type Identity, type Permissions, type Scope } from '../../src/auth/access.js'
import { agent } from '../support/http-server-under-test.js'
import { differences, Sight } from './sight.js'
import { type Asked, SURFACES } from './surfaces.js'
import { type Told, Twin } from './twin.js'

/** LEAK_RUNS of histories and tokens; LEAK_SEED repeats a run, LEAK_SURFACE asks one surface only. */
const RUNS = Number(process.env['LEAK_RUNS'] ?? 6)
const SEED = Number(process.env['LEAK_SEED'] ?? 20_261_128)
const ONE = process.env['LEAK_SURFACE']

const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as { paths: Record<string, object> }
const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const routes = Object.entries(paths).flatMap(([path, item]) =>
  METHODS.filter(method => method in item).map(method => `${method.toUpperCase()} ${path}`),
)

const STREAMS = ['team_a', 'team_b', 'public_news', 'secret_merger', 'agent_reader', 'other'] as const
const GLOBS = ['team_*', 'team_a', 'public_*', 'own', 'all', '*a', 'agent_*', 'other', 'secret_m*', '*_b'] as const

const globs = fc.uniqueArray(fc.constantFrom(...GLOBS), { minLength: 1, maxLength: 3 })
/** Half of them have the same patterns for everything. */
const scopes: fc.Arbitrary<Permissions> = fc
  .record({ read: globs, query: fc.option(globs), subscribe: fc.option(globs), operates: fc.boolean() })
  .map(({ read, query, subscribe, operates }) => ({
    'events.read': read,
    'events.query': query ?? read,
    'streams.subscribe': subscribe ?? read,
    'subscriptions.manage': ['all'],
    ...(operates ? { 'admin.read': ['all'] } : undefined),
  }))
const tokens: fc.Arbitrary<Identity> = fc
  .record({ role: fc.constantFrom('guest', 'agent'), permissions: fc.option(scopes) })
  .map(({ role, permissions }) => agent('reader', role as 'guest', permissions ?? undefined))
const events: fc.Arbitrary<Told> = fc.record({
  stream: fc.constantFrom(...STREAMS),
  type: fc.constantFrom('Opened', 'Closed', 'Deal.Signed'),
  agent: fc.constantFrom('ada', 'bob', 'reader'),
  task: fc.constantFrom('t1', 't2'),
  tag: fc.constantFrom('red', 'blue'),
  correlation: fc.constantFrom('c1', 'c2', 'c3'),
  cause: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
})
/** A cause is told as how many events before it was. */
const histories = fc
  .array(events, { minLength: 2, maxLength: 10 })
  .map(list => list.map((told, n) => ({ ...told, cause: causeOf(told.cause, n) })))

function causeOf(before: number | undefined, n: number): number | undefined {
  return before === undefined || n - before - 1 < 0 ? undefined : n - before - 1
}

interface Hunted {
  readonly leaks: string[]
  readonly hidden: number
  readonly seen: number
}

const isAsked = (surface: (typeof SURFACES)[string]): surface is Asked => 'ask' in surface

/** Asks all surfaces of one scope, in a server that has the hidden events and in one that has not. */
async function hunt(history: readonly Told[], as: Identity, scope: Scope): Promise<Hunted> {
  const access = new Access(as)
  const covers = (stream: string) => access.covers(scope, stream)
  const { whole, bare } = await Twin.raisePair(history, ({ stream }) => covers(stream))
  try {
    const [one, other] = [whole.seenBy(as, whole, covers), bare.seenBy(as, whole, covers)]
    const [here, there] = [new Sight(one), new Sight(other)]
    const leaks: string[] = []
    const asked = new Set<unknown>()
    for (const [name, surface] of Object.entries(SURFACES)) {
      const concerns =
        isAsked(surface) && (surface.scope === scope || (surface.scope === 'none' && scope === 'events.read'))
      if (!concerns || asked.has(surface.ask) || (ONE !== undefined && ONE !== name)) continue
      asked.add(surface.ask)
      const [told, same] = await Promise.all([surface.ask(one), surface.ask(other)])
      const found = differences(here.of(told), there.of(same))
      leaks.push(...found.slice(0, 3).map(difference => `${name} ${difference}`))
    }
    return { leaks, hidden: one.hidden.length, seen: one.visible.length }
  } finally {
    await Promise.all([whole.server.stop(), bare.server.stop()])
  }
}

test('every route is asked, or left out by name', () => {
  expect(Object.keys(SURFACES).sort()).toEqual([...routes, 'GET /v1/stream'].sort())
})

test(`no surface tells of what a token may not read: ${RUNS} histories, seed ${SEED}`, async () => {
  let telling = 0
  await fc.assert(
    fc.asyncProperty(
      histories,
      tokens,
      fc.constantFrom<Scope>('events.read', 'events.query', 'streams.subscribe'),
      async (history, as, scope) => {
        const { leaks, hidden, seen } = await hunt(history, as, scope)
        if (hidden > 0 && seen > 0) telling++
        expect(leaks).toEqual([])
      },
    ),
    { numRuns: RUNS, seed: SEED },
  )
  expect(telling).toBeGreaterThan(RUNS / 3)
}, 600_000)
