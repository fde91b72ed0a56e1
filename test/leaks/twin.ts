// One of two servers with the same history, but for the events that a token may not read: the whole one has them, the other has never had them.
import type { Type } from '@nestjs/common'
import { ApiDocsModule } from '../../src/api-docs/api-docs.module.js'
import { ProblemPagesModule } from '../../src/api-docs/problem-pages.module.js'
import type { Identity } from '../../src/auth/access.js'
import type { NewEvent } from '../../src/contract/event.js'
import { EventsModule } from '../../src/events/events.module.js'
import { GroupsModule } from '../../src/groups/groups.module.js'
import { HealthModule } from '../../src/health/health.module.js'
import { IndexModule } from '../../src/indexing/indexing.module.js'
import { OperationsModule } from '../../src/operations/operations.module.js'
import { ProjectionsModule } from '../../src/projections/projections.module.js'
import { ReplayModule } from '../../src/replay/replay.module.js'
import { SnapshotsModule } from '../../src/snapshots/snapshots.module.js'
import { ExchangeModule } from '../../src/transfer/transfer.module.js'
import { WebSocketModule } from '../../src/websocket/websocket.module.js'
import { jsonOf, type ServerUnderTest, startServer } from '../support/http-server-under-test.js'

/** An event as a history tells it: what it is caused by is the place of an earlier one. */
export interface Told {
  readonly stream: string
  readonly type: string
  readonly agent: string
  readonly task: string
  readonly tag: string
  readonly correlation: string
  readonly cause: number | undefined
}

export interface Kept extends Told {
  readonly id: string
  readonly position: number
  readonly timestamp: string
}

/** A fold of everything, one of a part that is kept live, a rule of reading, states that are kept, a group with something in flight, done and put aside. */
const PROJECTIONS = {
  everything: { on: { '*': [{ op: 'append', path: '/seen', from: 'data.n' }] } },
  teams: {
    filter: { streams: ['team_*'] },
    key: 'data.task',
    live: true,
    on: { '*': [{ op: 'increment', path: '/events', by: 1 }] },
  },
}
const UPCASTER = { steps: [{ from: 1, to: 2, ops: [{ op: 'default', path: '/upcast', value: true }] }] }
const FOLDS = [
  { name: 'everything', reducer: 'collect' },
  { name: 'team-a', reducer: 'collect', filter: { streams: ['team_a'] } },
]

export function modulesUnderTest(): Type[] {
  return [
    EventsModule,
    GroupsModule,
    ProjectionsModule,
    ReplayModule,
    WebSocketModule,
    SnapshotsModule,
    ExchangeModule,
    OperationsModule,
    ApiDocsModule,
    ProblemPagesModule,
  ]
}

export class Twin {
  private constructor(
    readonly server: ServerUnderTest,
    /** By place in the history; those it never had are missing. */
    readonly kept: ReadonlyMap<number, Kept>,
    readonly history: readonly Told[],
  ) {}

  static async raisePair(
    history: readonly Told[],
    has: (event: Told) => boolean,
  ): Promise<{ whole: Twin; bare: Twin }> {
    const [one, other] = await Promise.all([defined(), defined()])
    const whole = await Twin.raise(one, history, () => true)
    return { whole, bare: await Twin.raise(other, history, has, whole) }
  }

  /** `whole` is the twin with everything: ids of causes that are missing here are as they are there. */
  private static async raise(
    server: ServerUnderTest,
    history: readonly Told[],
    has: (event: Told) => boolean,
    whole?: Twin,
  ): Promise<Twin> {
    const kept = new Map<number, Kept>()
    for (const [n, told] of history.entries()) {
      if (!has(told)) continue
      const { cause } = told
      const causationId = cause === undefined ? undefined : (kept.get(cause) ?? whole?.kept.get(cause))?.id
      const event: NewEvent = {
        stream: told.stream,
        type: told.type,
        tags: [told.tag],
        data: { n, task: told.task },
        correlationId: told.correlation,
        sessionId: `session of ${told.agent}`,
        ...(causationId === undefined ? undefined : { causationId }),
      }
      await nextMillisecond()
      const { events } = await server.store.append({ events: [event], author: { agentId: told.agent } })
      const [{ id, position, timestamp } = { id: '', position: 0, timestamp: '' }] = events
      kept.set(n, { ...told, id, position, timestamp })
    }
    for (const fold of FOLDS) await mustBeTaken(server.call('/v1/snapshots', { json: fold }))
    await work(server)
    return new Twin(server, kept, history)
  }

  /** As it is asked by the bearer of this token. */
  seenBy(as: Identity, whole: Twin, covers: (stream: string) => boolean): View {
    return new View(this, whole, as, covers)
  }
}

async function mustBeTaken(answering: Promise<Response>): Promise<void> {
  const answer = await answering
  if (!answer.ok) throw new Error(`${answer.url}: ${await answer.text()}`)
}

/** Two events of one time would be asked for by it together, where both are. */
export async function nextMillisecond(): Promise<void> {
  for (const now = Date.now(); Date.now() === now; ) await new Promise(setImmediate)
}

async function defined(): Promise<ServerUnderTest> {
  const server = await startServer([HealthModule, IndexModule, ...modulesUnderTest()])
  const put = (path: string, json: object) => mustBeTaken(server.call(path, { method: 'PUT', json }))
  for (const [name, definition] of Object.entries(PROJECTIONS)) await put(`/v1/projections/${name}`, definition)
  await put('/v1/upcasters/Opened', UPCASTER)
  await put('/v1/subscriptions/ops', { filter: { streams: ['*'] }, after: 'start' })
  return server
}

/** The first event the group was given is put aside, the second done, the third still in flight. */
async function work(server: ServerUnderTest): Promise<void> {
  const group = '/v1/subscriptions/ops'
  const { deliveries } = await jsonOf(server.call(`${group}/take?max=3`, { method: 'POST' }))
  const [parked, done] = deliveries
  if (parked === undefined) return
  const reason = `nobody may hear of ${parked.event.stream}`
  await server.call(`${group}/nack`, { json: { tokens: [parked.token], action: 'park', reason } })
  if (done !== undefined) await server.call(`${group}/ack`, { json: { tokens: [done.token] } })
}

export interface Question {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** Without a token, and then a plain GET. */
  readonly stranger?: boolean
}

export class View {
  readonly visible: readonly Kept[]
  /** As the whole twin knows them: here or not, their ids are those. */
  readonly hidden: readonly Kept[]

  constructor(
    private readonly twin: Twin,
    whole: Twin,
    readonly as: Identity,
    readonly covers: (stream: string) => boolean,
  ) {
    const all = [...whole.kept.values()]
    this.visible = [...twin.kept.values()].filter(({ stream }) => covers(stream))
    this.hidden = all.filter(({ stream }) => !covers(stream))
  }

  get url(): string {
    return this.twin.server.url
  }

  get history(): readonly Told[] {
    return this.twin.history
  }

  /** Some of what may be read: by place, so that it is the same in both twins. */
  get some(): readonly Kept[] {
    const { visible } = this
    const places = new Set([0, Math.floor(visible.length / 2), visible.length - 1])
    return [...places].flatMap(place => visible[place] ?? [])
  }

  get someHidden(): readonly Kept[] {
    const { hidden } = this
    return [...new Set([hidden[0], hidden.at(-1)])].filter(event => event !== undefined)
  }

  /** A position that holds nothing to be seen here: a hidden event where there is one. */
  positionOfHidden({ id, position }: Kept): number {
    const isHere = [...this.twin.kept.values()].some(event => event.id === id)
    return isHere ? position : this.twin.server.store.head() + 1_000
  }

  async ask(path: string, { method, headers, json, stranger = false }: Question = {}): Promise<unknown> {
    const { as, twin } = this
    const body = json === undefined ? undefined : { json }
    const how = { as, ...(method === undefined ? {} : { method }), ...(headers && { headers }), ...body }
    const answer = await (stranger ? fetch(this.url + path) : twin.server.call(path, how))
    const type = answer.headers.get('content-type') ?? ''
    const text = await answer.text()
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: readBody(type, text) }
  }
}

function readBody(type: string, text: string): unknown {
  if (type.includes('ndjson'))
    return text
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  return type.includes('json') && text !== '' ? JSON.parse(text) : text
}
