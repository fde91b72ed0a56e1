// Every surface of the server, and all that somebody who looks for what is hidden would ask it.
import type { Scope } from '../../src/auth/access.js'
import { askGroups } from './ask-groups.js'
import { askLive } from './ask-live.js'
import type { View } from './twin.js'

/** What was answered, by the question. */
export type Answers = Record<string, unknown>
export type Ask = (view: View) => Promise<Answers>

/** `scope`: whose patterns say what may be read here. */
export interface Asked {
  readonly scope: Scope | 'none'
  readonly ask: Ask
}

export interface LeftOut {
  readonly leftOut: string
}

const CONSISTENCY =
  'conditions and expected revisions see every event: each probe costs a stored event or a counted denial'
const OPERATORS = 'changes what an operator has defined, and answers with that'
const OWN = 'answers with what the same agent has appended'
const OF_THE_TOKEN = 'answers with what the token says, and with what the same agent holds and asks'
const DEFINITIONS = 'definitions are for everyone with events.read, as docs/SECURITY.md says'

const get =
  (...paths: ((view: View) => readonly string[])[]): Ask =>
  async view => {
    const found: Answers = {}
    for (const path of paths.flatMap(pathsOf => pathsOf(view))) found[path] = await view.ask(path)
    return byName(found, view)
  }

/** Paths hold ids and positions of events; the same question has the same name in both twins. */
export function byName(answers: Answers, { visible, hidden }: View): Answers {
  const names = [
    ...visible.flatMap(({ id, timestamp }, n) => [
      [encodeURIComponent(timestamp), `(time of event ${n})`],
      [id, `(event ${n})`],
    ]),
    ...hidden.map(({ id }, n) => [id, `(hidden ${n})`]),
  ] as [string, string][]
  const named = (path: string) => names.reduce((text, [id, name]) => text.replaceAll(id, name), path)
  return Object.fromEntries(Object.entries(answers).map(([path, answer]) => [named(path), answer]))
}

const streamsOf = ({ history }: View) => [...new Set(history.map(({ stream }) => stream))].map(encodeURIComponent)

/** Of every stream there may be, hidden or not. */
const ofStreams =
  (...paths: ((stream: string) => string)[]) =>
  (view: View) =>
    streamsOf(view).flatMap(stream => paths.map(path => path(stream)))

const ofEvents = (path: (key: string) => string) => (view: View) =>
  [...view.some, ...view.someHidden].map(({ id }) => path(id))

const filtersOf = ({ history, hidden, some }: View): string[] => {
  const of = (name: string, values: readonly string[]) =>
    [...new Set(values)].map(value => `${name}=${encodeURIComponent(value)}`)
  return [
    ...of('stream', [...history.map(({ stream }) => stream), '*', '$*', 'secret*', '*e*']),
    ...of(
      'type',
      history.map(({ type }) => type),
    ),
    ...of(
      'tag',
      history.map(({ tag }) => tag),
    ),
    ...of(
      'agent',
      history.map(({ agent }) => agent),
    ),
    ...of(
      'correlation',
      history.map(({ correlation }) => correlation),
    ),
    ...of(
      'session',
      history.map(({ agent }) => `session of ${agent}`),
    ),
    ...of(
      'causation',
      [...hidden, ...some].map(({ id }) => id),
    ),
  ]
}

/** All pages, two events at a time. */
async function pages(view: View, path: string): Promise<unknown[]> {
  const all: unknown[] = []
  for (let cursor = ''; ; ) {
    const page = (await view.ask(path + cursor)) as { body: { next?: string | null } }
    all.push(page)
    const { next } = page.body
    if (typeof next !== 'string') return all
    cursor = `&cursor=${encodeURIComponent(next)}`
  }
}

const readEvents: Ask = async view => {
  const found: Answers = {}
  for (const filter of ['order=asc', 'order=desc', ...filtersOf(view)]) {
    found[`pages ${filter}`] = await pages(view, `/v1/events?limit=2&${filter}`)
  }
  for (const { timestamp } of view.some) {
    const time = encodeURIComponent(timestamp)
    for (const bound of ['since', 'until']) found[`${bound} ${time}`] = await view.ask(`/v1/events?${bound}=${time}`)
  }
  for (const accept of ['application/x-ndjson', 'application/cloudevents-batch+json']) {
    found[accept] = await view.ask('/v1/events?upcast=latest', { headers: { accept } })
  }
  return { ...byName(found, view), ...(await askLive.serverSent(view)) }
}

const oneEvent: Ask = async view => {
  const found: Answers = {}
  const accept = 'application/cloudevents+json'
  for (const [n, event] of view.someHidden.entries()) {
    found[`position of hidden ${n}`] = await view.ask(`/v1/events/${view.positionOfHidden(event)}`)
    found[`hidden ${n} as a CloudEvent`] = await view.ask(`/v1/events/${event.id}`, { headers: { accept } })
  }
  for (const { position } of view.some) found[`position ${position}`] = await view.ask(`/v1/events/${position}`)
  const ofPositions = Object.values(found)
  return { ofPositions, ...(await get(ofEvents(key => `/v1/events/${key}`))(view)) }
}

const WHERE: readonly object[] = [
  { field: 'position', op: 'gt', value: 0 },
  { field: 'stream', op: 'like', value: '*' },
  { field: 'stream', op: 'like', value: '$*' },
  { field: 'tags', op: 'eq', value: 'red' },
  { field: 'data.task', op: 'eq', value: 't1' },
  { not: { field: 'type', op: 'eq', value: 'Opened' } },
  { field: 'stream', op: 'in', value: ['secret_merger', 'team_b', 'other'] },
]
const ORDERS: readonly object[] = [{}, { orderBy: { field: 'data.task', order: 'desc' }, select: ['type', 'data.n'] }]

const query: Ask = async view => {
  const found: Answers = {}
  for (const [n, where] of WHERE.entries()) {
    for (const [order, more] of ORDERS.entries()) {
      const all: unknown[] = []
      for (let cursor: object = {}; ; ) {
        const json = { where, limit: 3, ...more, ...cursor }
        const page = (await view.ask('/v1/events/query', { json })) as { body: { next?: string | null } }
        all.push(page)
        if (typeof page.body.next !== 'string') break
        cursor = { cursor: page.body.next }
      }
      found[`where ${n}, order ${order}`] = all
    }
  }
  return found
}

const wait: Ask = async view => {
  const head = { after: Number.MAX_SAFE_INTEGER }
  const filters = ['stream=secret*', 'stream=*', 'tag=red']
  const paths = filters.flatMap(filter => [
    `/v1/events/wait?after=0&limit=2&timeout=0&${filter}`,
    `/v1/events/wait?timeout=0&${filter}`,
  ])
  return { ...(await get(() => paths)(view)), beyond: head }
}

const STREAM_STATES = ['', '?reducer=collect', '?reducer=count', '?reducer=set&key=data.task', '?reducer=last']

const streamState = get(
  ofStreams(...STREAM_STATES.map(query => (stream: string) => `/v1/streams/${stream}/state${query}`)),
  ofEvents(key => `/v1/streams/team_a/state?at=${key}`),
)

const REPLAYS: readonly object[] = [
  {},
  { reducer: 'collect' },
  { reducer: 'count' },
  { reducer: 'set', key: 'data.task' },
  { reducer: 'collect', filter: { streams: ['team_a'] } },
  { reducer: 'collect', filter: { streams: ['secret*', 'team_*'] } },
  { reducer: 'collect', filter: { tags: ['red'] }, snapshots: false },
  { projection: 'everything' },
  { projection: 'teams' },
]

const replay: Ask = async view => {
  const found: Answers = {}
  const accept = { accept: 'application/x-ndjson' }
  const moments = [...view.some, ...view.someHidden].flatMap(({ id }) => [{ at: id }, { after: id }])
  const times = view.some.map(({ timestamp }) => ({ at: timestamp }))
  for (const [n, json] of REPLAYS.entries()) {
    found[`replay ${n}`] = await view.ask('/v1/replay', { json })
    found[`lines ${n}`] = await view.ask('/v1/replay', { json: { ...json, states: true }, headers: accept })
    found[`progress ${n}`] = await view.ask('/v1/replay', { json: { ...json, every: 1 }, headers: accept })
  }
  for (const [n, moment] of [...moments, ...times].entries()) {
    found[`moment ${n}`] = await view.ask('/v1/replay', { json: { reducer: 'collect', ...moment } })
  }
  return found
}

const PROJECTIONS = ['everything', 'teams', 'none']

const ofProjections = (...paths: ((name: string) => string)[]) =>
  PROJECTIONS.flatMap(name => paths.map(path => path(name)))

const snapshots: Ask = async view => ({ list: await view.ask('/v1/snapshots') })

/** Those the list shows, and one it does not. */
const ofSnapshots =
  (rest: string, method = 'GET'): Ask =>
  async view => {
    const { body } = (await view.ask('/v1/snapshots')) as { body: { snapshots?: { id: string }[] } }
    const ids = body.snapshots?.map(({ id }) => id) ?? []
    const found: unknown[] = []
    for (const id of [...ids, `${'0'.repeat(32)}-0000000000001200`]) {
      found.push(await view.ask(`/v1/snapshots/${id}${rest}`, { method }))
    }
    return { found }
  }

/** A stranger's, or those of a token that operates nothing: names and labels, for sums are of the whole server, as is the traffic of its routes. */
const metrics: Ask = async view => {
  const labels = async (stranger: boolean) => {
    const { body } = (await view.ask('/metrics', { stranger })) as { body: string }
    const lines = body.split('\n').filter(line => /^lighthouse_(?!http_)/.test(line))
    return Object.fromEntries(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), 'is there']))
  }
  const isOperator = view.as.permissions?.['admin.read'] !== undefined
  return { stranger: await labels(true), bearer: isOperator ? 'complete, for operators' : await labels(false) }
}

const HEALTH_TRIES = 20

/** Numbers are of the machine and of the whole store. */
const health = (...paths: string[]): Ask => {
  const shape = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return typeof value
    if (Array.isArray(value)) return value.map(shape)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shape(item)]))
  }
  // A component that does not answer in time is down, and a busy machine need not answer in time.
  const answered = async (view: View, path: string): Promise<object> => {
    for (let left = HEALTH_TRIES; ; left--) {
      const { status, body } = (await view.ask(path, { stranger: true })) as { status: number; body: unknown }
      if (status === 200 || left === 0) return { status, shape: shape(body) }
    }
  }
  return async view => {
    const found: Answers = {}
    for (const path of paths) {
      found[path] = await answered(view, path)
    }
    return found
  }
}

const asked = (scope: Scope | 'none', ask: Ask): Asked => ({ scope, ask })
/** A path of operators, which tells nothing of events. */
const ofOperators = (path: string): Asked =>
  asked(
    'none',
    get(() => [path]),
  )

const COMPONENTS = ['event_store', 'storage', 'network', 'memory'].map(name => `/health/${name}`)

export const SURFACES: Readonly<Record<string, Asked | LeftOut>> = {
  'GET /livez': asked('none', health('/livez')),
  'GET /readyz': asked('none', health('/readyz')),
  'GET /health': asked('none', health('/health')),
  'GET /health/detailed': asked('none', health('/health/detailed')),
  'GET /health/{component}': asked('none', health(...COMPONENTS)),
  'GET /metrics': asked('events.read', metrics),
  'GET /problems': asked(
    'none',
    get(() => ['/problems']),
  ),
  'GET /problems/{code}': asked(
    'none',
    get(() => ['/problems/NOT_FOUND']),
  ),
  'GET /v1/events': asked('events.read', readEvents),
  'GET /v1/events/wait': asked('events.read', wait),
  'GET /v1/events/{id}': asked('events.read', oneEvent),
  'GET /v1/events/{id}/causes': asked('events.read', get(ofEvents(key => `/v1/events/${key}/causes?limit=3`))),
  'GET /v1/events/{id}/effects': asked('events.read', get(ofEvents(key => `/v1/events/${key}/effects?limit=3`))),
  'GET /v1/correlations/{id}': asked(
    'events.read',
    get(({ history }) => [...new Set(history.map(({ correlation }) => `/v1/correlations/${correlation}?limit=2`))]),
  ),
  'POST /v1/events/query': asked('events.query', query),
  'GET /v1/streams': asked(
    'events.read',
    get(() =>
      ['', '?limit=1', '?match=secret*', '?match=*e*', '?match=$*', '?after=p'].map(more => `/v1/streams${more}`),
    ),
  ),
  'GET /v1/streams/{stream}': asked('events.read', get(ofStreams(stream => `/v1/streams/${stream}`))),
  'GET /v1/streams/{stream}/events': asked(
    'events.read',
    get(
      ofStreams(
        stream => `/v1/streams/${stream}/events?limit=2`,
        stream => `/v1/streams/${stream}/events?order=desc&from=1`,
      ),
    ),
  ),
  'GET /v1/streams/{stream}/state': asked('events.read', streamState),
  'POST /v1/replay': asked('events.read', replay),
  'GET /v1/whoami': { leftOut: OF_THE_TOKEN },
  'POST /v1/tickets': { leftOut: OF_THE_TOKEN },
  'GET /v1/projections': { leftOut: DEFINITIONS },
  'GET /v1/projections/{name}': { leftOut: DEFINITIONS },
  'GET /v1/projections/{name}/state': asked(
    'events.read',
    get(
      () =>
        ofProjections(
          name => `/v1/projections/${name}/state`,
          name => `/v1/projections/${name}/state?key=t1`,
        ),
      ofEvents(key => `/v1/projections/teams/state?at=${key}`),
    ),
  ),
  'GET /v1/projections/{name}/keys': asked(
    'events.read',
    get(() =>
      ofProjections(
        name => `/v1/projections/${name}/keys`,
        name => `/v1/projections/${name}/keys?limit=1`,
      ),
    ),
  ),
  'GET /v1/projections/{name}/changes': asked('events.read', askLive.changes),
  'GET /v1/upcasters': { leftOut: DEFINITIONS },
  'GET /v1/upcasters/{type}': { leftOut: DEFINITIONS },
  'GET /v1/snapshots': asked('events.read', snapshots),
  'GET /v1/snapshots/{id}': asked('events.read', ofSnapshots('')),
  'GET /v1/snapshots/{id}/state': asked('events.read', ofSnapshots('/state')),
  'GET /v1/export': asked(
    'events.read',
    get(() => ['/v1/export']),
  ),
  'GET /v1/admin/revocations': ofOperators('/v1/admin/revocations'),
  'GET /v1/admin/status': ofOperators('/v1/admin/status'),
  'GET /v1/admin/service-levels': ofOperators('/v1/admin/service-levels'),
  'GET /v1/admin/mode': ofOperators('/v1/admin/mode'),
  'POST /v1/admin/mode': { leftOut: OPERATORS },
  'GET /v1/admin/reconciliations': ofOperators('/v1/admin/reconciliations'),
  'POST /v1/admin/reconciliations/override': { leftOut: OPERATORS },
  'POST /v1/admin/heap-snapshot': { leftOut: OPERATORS },
  'GET /v1/admin/alerts': ofOperators('/v1/admin/alerts'),
  'POST /v1/admin/alerts/test': { leftOut: OPERATORS },
  'GET /v1/admin/silences': ofOperators('/v1/admin/silences'),
  'POST /v1/admin/silences': { leftOut: OPERATORS },
  'DELETE /v1/admin/silences/{id}': { leftOut: OPERATORS },
  'GET /v1/operations/{id}': { leftOut: OWN },
  'GET /v1/subscriptions': asked('streams.subscribe', askGroups.list),
  'GET /v1/subscriptions/{name}': asked('streams.subscribe', askGroups.others),
  'PUT /v1/subscriptions/{name}': asked('streams.subscribe', askGroups.own),
  'DELETE /v1/subscriptions/{name}': asked('streams.subscribe', askGroups.own),
  'POST /v1/subscriptions/{name}/take': asked('streams.subscribe', askGroups.own),
  'POST /v1/subscriptions/{name}/ack': asked('streams.subscribe', askGroups.own),
  'POST /v1/subscriptions/{name}/nack': asked('streams.subscribe', askGroups.own),
  'GET /v1/subscriptions/{name}/parked': asked('streams.subscribe', askGroups.own),
  'POST /v1/subscriptions/{name}/parked/replay': asked('streams.subscribe', askGroups.own),
  'POST /v1/subscriptions/{name}/parked/discard': asked('streams.subscribe', askGroups.own),
  'GET /v1/stream': asked('streams.subscribe', askLive.socket),
  'POST /v1/events': { leftOut: CONSISTENCY },
  'POST /v1/events/batch': { leftOut: CONSISTENCY },
  'POST /v1/events/async': { leftOut: CONSISTENCY },
  'POST /v1/events/batch/async': { leftOut: CONSISTENCY },
  'POST /v1/streams/{stream}/events': { leftOut: CONSISTENCY },
  'POST /v1/snapshots': { leftOut: OPERATORS },
  'DELETE /v1/snapshots/folds/{fold}': { leftOut: OPERATORS },
  'DELETE /v1/snapshots/{id}': { leftOut: OPERATORS },
  'POST /v1/snapshots/{id}/verify': { leftOut: OPERATORS },
  'POST /v1/snapshots/{id}/protect': { leftOut: OPERATORS },
  'DELETE /v1/snapshots/{id}/protect': { leftOut: OPERATORS },
  'POST /v1/admin/revocations': { leftOut: OPERATORS },
  'DELETE /v1/admin/revocations/{kind}/{id}': { leftOut: OPERATORS },
  'PUT /v1/upcasters/{type}': { leftOut: OPERATORS },
  'DELETE /v1/upcasters/{type}': { leftOut: OPERATORS },
  'PUT /v1/projections/{name}': { leftOut: OPERATORS },
  'DELETE /v1/projections/{name}': { leftOut: OPERATORS },
}
