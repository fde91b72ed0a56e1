// Consumer groups on the embedded store of this disk: how many events are handed out and acknowledged in a second, and
// what an append costs while groups wait for it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Access } from '../src/auth/access.js'
import { TokenVerifier } from '../src/auth/token-verifier.js'
import { WorkBudgets } from '../src/auth/work-budgets.js'
import { openEmbedded } from '../src/backends/embedded/embedded-store.js'
import type { EventStore } from '../src/contract/event-store.js'
import { DEFAULT_WORK_LIMITS } from '../src/contract/work-limits.js'
import { Feed } from '../src/following/feed.js'
import { Groups } from '../src/groups/groups.service.js'
import type { GroupSettings } from '../src/groups/state/group-definition.js'
import { Draining } from '../src/streaming/draining.service.js'
import { loadNow, machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'

const ANYBODY = { agents: ['*'], roles: [] }
const BOSS = new Access({ agentId: 'boss', role: 'admin' })
const SETTINGS: Omit<GroupSettings, 'ordering'> = {
  ackTimeoutSeconds: 30,
  maxAttempts: 5,
  maxInFlight: 10_000,
  damaged: 'stop',
}

const VERIFIER = new TokenVerifier({
  algorithms: ['HS256'],
  secret: 'x'.repeat(32),
  leewaySeconds: 60,
})

function groupsOver(store: EventStore): Groups {
  return new Groups(
    new Feed(store),
    VERIFIER,
    new WorkBudgets({ ...DEFAULT_WORK_LIMITS, waits: 2_000, groups: 2_000 }),
    new Draining(),
  )
}

async function offer(store: EventStore, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1_000) {
    const events = Array.from({ length: Math.min(left, 1_000) }, (_, n) => {
      return { type: 'task', stream: `tasks/${n % 100}`, data: { n, text: 'x'.repeat(200) } }
    })
    await store.append({ events, author: { agentId: 'writer' } })
  }
}

interface Race {
  readonly consumers: number
  readonly max: number
  readonly tasks: number
  readonly ordering: 'none' | 'stream'
}

/** Events that are handed out and acknowledged in a second. */
async function race(store: EventStore, { consumers, max, tasks, ordering }: Race): Promise<number> {
  const groups = groupsOver(store)
  const name = `${ordering}-${consumers}-${max}`
  await groups.define(
    name,
    { ...SETTINGS, ordering, filter: { types: ['task'] }, after: 'start', consumers: ANYBODY },
    BOSS,
  )
  let done = 0
  const begun = performance.now()
  const consume = async (i: number) => {
    const access = new Access({ agentId: `c${i}`, role: 'agent' })
    while (done < tasks) {
      const given = await groups.take(name, access, { max, waitMs: 100 })
      if (given.length === 0) continue
      const tokens = given.map(({ token }) => token)
      const settled = await groups.ack(name, access, tokens)
      done += settled
    }
  }
  await Promise.all(Array.from({ length: consumers }, (_, i) => consume(i)))
  const seconds = (performance.now() - begun) / 1_000
  await groups.remove(name, BOSS)
  groups.draining.begin()
  return tasks / seconds
}

/** Milliseconds of each of some appends, one after the other, while so many groups wait for events of another type. */
async function appendBeside(store: EventStore, waiting: number): Promise<number> {
  const groups = groupsOver(store)
  const patience = new AbortController()
  for (let i = 0; i < waiting; i++) {
    await groups.define(`w${i}`, { ...SETTINGS, ordering: 'none', filter: { types: ['never'] }, after: 'head' }, BOSS)
    void groups.take(`w${i}`, BOSS, { max: 1, waitMs: Number.POSITIVE_INFINITY, signal: patience.signal })
  }
  const appends = 500
  const begun = performance.now()
  for (let i = 0; i < appends; i++) {
    await store.append({ events: [{ type: 'noise', stream: 'n', data: {} }], author: { agentId: 'writer' } })
  }
  const ms = (performance.now() - begun) / appends
  patience.abort()
  for (let i = 0; i < waiting; i++) await groups.remove(`w${i}`, BOSS)
  groups.draining.begin()
  return ms
}

const TASKS = 20_000
const ROUNDS = 3
const RACES: readonly Race[] = [
  { consumers: 1, max: 1, tasks: 1_000, ordering: 'none' },
  { consumers: 50, max: 1, tasks: 10_000, ordering: 'none' },
  { consumers: 50, max: 10, tasks: TASKS, ordering: 'none' },
  { consumers: 10, max: 1_000, tasks: TASKS, ordering: 'none' },
  { consumers: 50, max: 10, tasks: TASKS, ordering: 'stream' },
]

mkdirSync('bench/.data', { recursive: true })
const directory = mkdtempSync(join('bench/.data', 'groups-'))
const report = new Report(machineFacts(directory))
const store = await openEmbedded({ directory, nodeId: 'bench' })
try {
  await offer(store, TASKS)
  report.heading('Events handed out and acknowledged')
  for (const one of RACES) {
    const rounds: number[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await race(store, one))
    const order = one.ordering === 'stream' ? ', by stream' : ''
    report.add({ group: 'take', what: `${one.consumers}×${one.max}${order}`, unit: 'events/s', store: rounds })
  }
  report.heading('An append while so many groups wait for something else')
  for (const waiting of [0, 10, 100, 1_000]) {
    const rounds: number[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await appendBeside(store, waiting))
    report.add({ group: 'beside', what: `${waiting} groups`, unit: 'ms', store: rounds })
  }
  report.note(`load after groups: ${loadNow()}`)
} finally {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
}
report.finish('groups')
