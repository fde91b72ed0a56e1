// Mistakes that people make with the API, each with the answer that helps: its status, its code and what its detail says.

export interface MistakenRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown
  /** Of the token that is sent, as the agent `ada`; `agent` unless said otherwise. `none` sends no token. */
  readonly role?: string
  /** The token has ended an hour ago. */
  readonly expired?: boolean
}

export interface Mistake {
  readonly name: string
  readonly request: MistakenRequest
  readonly status: number
  readonly code: string
  /** Holds for the detail, or for what is said of one of its fields. */
  readonly says: RegExp
  /** Headers of the answer. */
  readonly answers?: Readonly<Record<string, string>>
}

const HOUR_SECONDS = 3_600

/** `bearer` makes the value of the Authorization header for `ada` in a role, of a token that ends then. */
export async function sendMistake(
  address: string,
  { method, path, headers, body, role = 'agent', expired = false }: MistakenRequest,
  bearer: (role: string, exp: number) => string | Promise<string>,
): Promise<Response> {
  const exp = Math.floor(Date.now() / 1000) + (expired ? -HOUR_SECONDS : HOUR_SECONDS)
  const authorization = role === 'none' ? {} : { authorization: await bearer(role, exp) }
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const typed = body === undefined ? {} : { 'content-type': 'application/json' }
  return fetch(address + path, { method, headers: { ...authorization, ...typed, ...headers }, ...content })
}

export interface AnsweredProblem {
  readonly code: string
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** All that a problem says in words. */
export function saidBy({ detail, errors = [] }: AnsweredProblem): string[] {
  return [detail, ...errors.map(({ pointer, detail: wrong }) => `${pointer} ${wrong}`)]
}

const get = (path: string, more: Partial<MistakenRequest> = {}): MistakenRequest => ({ method: 'GET', path, ...more })
const send = (method: string, path: string, body?: unknown, more: Partial<MistakenRequest> = {}): MistakenRequest => ({
  method,
  path,
  ...(body === undefined ? undefined : { body }),
  ...more,
})
const append = (body: unknown) => send('POST', '/v1/events', body)
const query = (where: unknown) => send('POST', '/v1/events/query', { where })

const EVENT = { type: 'Noted', stream: 'agent_ada', data: {} }
const JSON_TYPE = { 'content-type': 'application/json' }
const NO_TOKEN = { role: 'none' }

const INVALID = { status: 400, code: 'INVALID_REQUEST' } as const
const INVALID_EVENT = { status: 400, code: 'INVALID_EVENT' } as const
const NOT_FOUND = { status: 404, code: 'NOT_FOUND' } as const
const NOT_ALLOWED = { status: 405, code: 'METHOD_NOT_ALLOWED' } as const
const UNAUTHENTICATED = { status: 401, code: 'UNAUTHENTICATED' } as const
const FORBIDDEN = { status: 403, code: 'FORBIDDEN' } as const

const OF_PATHS: readonly Mistake[] = [
  {
    name: 'a stream whose slash is not encoded',
    request: get('/v1/streams/agent_ada/tasks/state'),
    ...NOT_FOUND,
    says: /\/v1\/streams\/\{stream\}\/state .*%2F/,
  },
  {
    name: 'a group whose slash is not encoded, to be deleted',
    request: send('DELETE', '/v1/subscriptions/team/builders'),
    ...NOT_FOUND,
    says: /\/v1\/subscriptions\/\{name\} .*%2F/,
  },
  { name: 'a path nobody knows', request: get('/v1/evnts'), ...NOT_FOUND, says: /There is no such path/ },
  { name: 'a slash at the end', request: get('/v1/events/'), ...NOT_FOUND, says: /slash at its end/ },
  {
    name: 'PUT where there is only GET and POST',
    request: send('PUT', '/v1/events', EVENT),
    ...NOT_ALLOWED,
    says: /PUT .*GET, HEAD and POST/,
    answers: { allow: 'GET, HEAD, POST' },
  },
  {
    name: 'DELETE of an event, by a stranger',
    request: send('DELETE', '/v1/events/17', undefined, NO_TOKEN),
    ...NOT_ALLOWED,
    says: /GET and HEAD/,
    answers: { allow: 'GET, HEAD' },
  },
  {
    name: 'a form where there is no POST',
    request: send('POST', '/v1/streams', 'match=a', { headers: { 'content-type': 'text/plain' } }),
    ...NOT_ALLOWED,
    says: /GET and HEAD/,
    answers: { allow: 'GET, HEAD' },
  },
  {
    name: 'a query by GET',
    request: get('/v1/events/query'),
    ...NOT_ALLOWED,
    says: /GET.*POST/,
    answers: { allow: 'POST' },
  },
  {
    name: 'a batch by GET',
    request: get('/v1/events/batch'),
    ...NOT_ALLOWED,
    says: /POST/,
    answers: { allow: 'POST' },
  },
  {
    name: 'the stream without WebSocket',
    request: get('/v1/stream'),
    status: 426,
    code: 'UPGRADE_REQUIRED',
    says: /WebSocket/,
    answers: { upgrade: 'websocket', connection: 'Upgrade' },
  },
  {
    name: 'a POST to the stream',
    request: send('POST', '/v1/stream', {}),
    ...NOT_ALLOWED,
    says: /GET/,
    answers: { allow: 'GET' },
  },
  { name: 'an event that nobody has', request: get('/v1/events/999999'), ...NOT_FOUND, says: /no event with this id/ },
]

const OF_APPENDS: readonly Mistake[] = [
  {
    name: 'an append to a stream of somebody else',
    request: append({ ...EVENT, stream: 'orders' }),
    ...FORBIDDEN,
    says: /events\.write.*covers agent_ada, agent_ada\/\*, agent-ada and agent-ada\/\*.*not orders/,
  },
  {
    name: 'an append to a stream of the service',
    request: { ...append({ ...EVENT, stream: '$groups' }), role: 'admin' },
    status: 403,
    code: 'SERVICE_STREAM',
    says: /^(?!.*operator).*service itself/,
  },
  {
    name: 'data that is missing',
    request: append({ type: 'Noted', stream: 'agent_ada' }),
    ...INVALID_EVENT,
    says: /^\/data is required/,
  },
  {
    name: 'a type that is missing',
    request: append({ stream: 'agent_ada', data: {} }),
    ...INVALID_EVENT,
    says: /^\/type is required/,
  },
  {
    name: 'a field with one letter too many',
    request: append({ ...EVENT, streams: 'agent_ada' }),
    ...INVALID_EVENT,
    says: /^\/streams is not a field that exists here: did you mean stream\?/,
  },
  {
    name: 'letters in the wrong order',
    request: append({ type: 'Noted', stream: 'agent_ada', dtaa: {} }),
    ...INVALID_EVENT,
    says: /did you mean data\?/,
  },
  {
    name: 'a list to the batch',
    request: send('POST', '/v1/events/batch', [EVENT]),
    ...INVALID,
    says: /\{"events": \[…\]\}/,
  },
  { name: 'a list where one event goes', request: append([EVENT]), ...INVALID, says: /\/v1\/events\/batch/ },
  {
    name: 'a batch without events',
    request: send('POST', '/v1/events/batch', {}),
    ...INVALID,
    says: /\/events is required/,
  },
  {
    name: 'no body where one is needed',
    request: send('POST', '/v1/events', '', { headers: JSON_TYPE }),
    status: 400,
    code: 'MALFORMED_BODY',
    says: /body is empty.*JSON object/,
  },
  {
    name: 'an expected revision of -1',
    request: append({ ...EVENT, expectedRevision: -1 }),
    ...INVALID,
    says: /"none"/,
  },
  {
    name: 'a revision expected of a stream without events',
    request: append({ ...EVENT, expectedRevision: 4 }),
    status: 409,
    code: 'REVISION_CONFLICT',
    says: /^(?!.*-1).*agent_ada has no events \(none\), expected 4/,
  },
  {
    name: 'an expected revision without its stream',
    request: send('POST', '/v1/events/batch', { events: [EVENT], expectations: [{ expectedRevision: 4 }] }),
    ...INVALID,
    says: /\/expectations\/0\/stream is required/,
  },
  {
    name: 'JSON that ends too early',
    request: append('{"type": "Noted"'),
    status: 400,
    code: 'MALFORMED_BODY',
    says: /fault is at byte/,
  },
]

const OF_READS: readonly Mistake[] = [
  {
    name: 'a time zone whose plus is not encoded',
    request: get('/v1/events?since=2026-01-31T12:00:00+01:00'),
    ...INVALID,
    says: /\/since .*write \+ as %2B/,
  },
  {
    name: 'an end whose plus is not encoded, in nanoseconds',
    request: get('/v1/events?until=2026-01-31T12:00:00.123456789+01:00'),
    ...INVALID,
    says: /\/until .*write \+ as %2B/,
  },
  {
    name: 'a time that is none',
    request: get('/v1/events?since=yesterday'),
    ...INVALID,
    says: /RFC 3339 time such as/,
  },
  {
    name: 'a parameter in the plural',
    request: get('/v1/events?streams=a'),
    ...INVALID,
    says: /\/streams .*did you mean stream\?/,
  },
  { name: 'a position of another log', request: get('/v1/events?after=999999'), ...INVALID, says: /beyond the head/ },
  {
    name: 'a wait for a position of another log',
    request: get('/v1/events/wait?after=999999'),
    ...INVALID,
    says: /beyond the head.*before a restore/,
  },
  { name: 'a page too large', request: get('/v1/events?limit=100000'), ...INVALID, says: /at most 10000/ },
  {
    name: 'an answer in a form there is not',
    request: get('/v1/events', { headers: { accept: 'text/csv' } }),
    status: 406,
    code: 'NOT_ACCEPTABLE',
    says: /application\/json/,
  },
]

const OF_QUERIES: readonly Mistake[] = [
  {
    name: 'a query for nothing',
    request: send('POST', '/v1/events/query', {}),
    ...INVALID,
    says: /\/where is required/,
  },
  {
    name: 'both forms of a condition in one',
    request: query({ type: 'Noted', or: [{ type: 'Done' }] }),
    ...INVALID,
    says: /\/where\/type must not stand beside or/,
  },
  {
    name: 'an operator that does not exist',
    request: query({ 'data.score': { atLeast: 3 } }),
    ...INVALID,
    says: /\/where\/data\.score\/atLeast .*eq, ne, in, nin/,
  },
  {
    name: 'a field no event has',
    request: query({ kind: 'Noted' }),
    ...INVALID,
    says: /begin with a field of an event/,
  },
  { name: 'a condition of nothing', request: query({}), ...INVALID, says: /at least one field/ },
  {
    name: 'a list where one value goes',
    request: query({ type: ['Noted', 'Done'] }),
    ...INVALID,
    says: /\{"in": \[…\]\}/,
  },
  {
    name: 'an operator without its field',
    request: query({ op: 'eq', value: 1 }),
    ...INVALID,
    says: /field is required/,
  },
]

const OF_TOKENS: readonly Mistake[] = [
  { name: 'no token', request: get('/v1/events', NO_TOKEN), ...UNAUTHENTICATED, says: /no Authorization header/ },
  {
    name: 'a token signed with another secret',
    request: get('/v1/events', {
      headers: {
        authorization:
          'Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJyb2xlIjoiYWdlbnQiLCJleHAiOjQ5MDAwMDAwMDB9.b3RoZXI',
      },
    }),
    ...UNAUTHENTICATED,
    says: /The signature of the token is not right/,
  },
  {
    name: 'a role that does not exist',
    request: get('/v1/events', { role: 'builder' }),
    ...UNAUTHENTICATED,
    says: /guest, agent, expert_agent, system_agent, admin/,
  },
  {
    name: 'a token that has ended',
    request: get('/v1/events', { expired: true }),
    ...UNAUTHENTICATED,
    says: /has expired at 2\d{3}-\S+Z.*server's time is 2\d{3}-\S+Z/,
  },
  {
    name: 'a scope the token lacks',
    request: send('POST', '/v1/admin/revocations', { kind: 'agent', id: 'b' }),
    ...FORBIDDEN,
    says: /lacks the scope admin\.write/,
  },
]

export const MISTAKES: readonly Mistake[] = [...OF_PATHS, ...OF_APPENDS, ...OF_READS, ...OF_QUERIES, ...OF_TOKENS]
