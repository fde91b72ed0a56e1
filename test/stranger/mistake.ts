// Mistakes that people make, as requests, and what the answer to each must say so that they get on.

export interface Mistake {
  readonly name: string
  readonly request: {
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
  readonly status: number
  readonly code: string
  /** Holds for the detail, or for what is said of one of its fields. */
  readonly says: RegExp
}

const EVENT = { type: 'Noted', stream: 'agent_ada', data: {} }

const get = (path: string, more: Partial<Mistake['request']> = {}) => ({ method: 'GET', path, ...more })
const post = (path: string, body: unknown, more: Partial<Mistake['request']> = {}) => ({
  method: 'POST',
  path,
  body,
  ...more,
})
const answeredBy =
  (status: number, code: string) =>
  (name: string, request: Mistake['request'], says: RegExp): Mistake => ({
    name,
    request,
    status,
    code,
    says,
  })
const invalid = answeredBy(400, 'INVALID_REQUEST')
const badEvent = answeredBy(400, 'INVALID_EVENT')
const malformed = answeredBy(400, 'MALFORMED_BODY')
const stranger = answeredBy(401, 'UNAUTHENTICATED')
const forbidden = answeredBy(403, 'FORBIDDEN')

export const MISTAKES: readonly Mistake[] = [
  answeredBy(404, 'NOT_FOUND')('an event that does not exist', get('/v1/events/1_0_node-9'), /id/),
  forbidden('a stream of somebody else', post('/v1/events', { ...EVENT, stream: 'orders' }), /events\.write/),
  forbidden('an export by an agent', get('/v1/export'), /admin\.read/),
  badEvent('a type with a space', post('/v1/events', { ...EVENT, type: 'task started' }), /letter/),
  badEvent('data that is a text', post('/v1/events', { ...EVENT, data: 'T-17' }), /object/),
  malformed('half of a body', post('/v1/events', '{"type":"T"'), /JSON/),
  answeredBy(415, 'UNSUPPORTED_MEDIA_TYPE')(
    'a body without its kind',
    post('/v1/events', JSON.stringify(EVENT), { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    /application\/json/,
  ),
  answeredBy(409, 'REVISION_CONFLICT')(
    'a stream that is not there yet',
    post('/v1/events', { ...EVENT, expectedRevision: 'exists' }),
    /agent_ada/,
  ),
  invalid('a limit beyond the largest', get('/v1/events?limit=100000'), /10,?000/),
  invalid('a cursor that is none', get('/v1/events?cursor=abc'), /cursor/),
  invalid('a query without where', post('/v1/events/query', {}), /where/),
  stranger('no token', get('/v1/events', { role: 'none' }), /Bearer/),
  stranger('a token that has ended', get('/v1/events', { expired: true }), /expired/),
]
