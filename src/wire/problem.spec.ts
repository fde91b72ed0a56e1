// Problem details: the shape, what may be retried, and what never leaves the server.
import { StoreError, unreadable } from '../contract/errors.js'
import { correlationIdOf } from './correlation-id.js'
import { problemOf, retryAfterOf } from './problem.js'
import { traceIdOf, traceparentOf } from './trace-context.js'

const occurrence = { path: '/v1/a?token=b', correlationId: 'c', traceId: 't' }

test('a refusal says what is wrong, and what to do next', () => {
  const errors = [{ pointer: '/type', detail: 'must be a string' }]
  expect(problemOf(new StoreError('INVALID_EVENT', 'The event has no type', { errors }), occurrence)).toEqual({
    type: '/problems/INVALID_EVENT',
    title: 'The event breaks a rule',
    status: 400,
    detail: 'The event has no type. Correct the fields named in errors and send it again.',
    instance: '/v1/a',
    code: 'INVALID_EVENT',
    traceId: 't',
    correlationId: 'c',
    retryable: false,
    errors,
  })
})

test.each([
  ['it is so', 'it is so. '],
  ['it is so.', 'it is so. '],
  ['did you mean streams?', 'did you mean streams? '],
])('what happened and what to do next are two sentences: %s', (said, told) => {
  const { detail } = problemOf(new StoreError('INVALID_REQUEST', said), occurrence)
  expect(detail).toBe(`${told}Correct the fields named in errors and send it again.`)
})

test('a conflict lists every violation', () => {
  const violations = [{ kind: 'revision' as const, stream: 's', expected: 'none' as const, actual: 3 }]
  const problem = problemOf(new StoreError('REVISION_CONFLICT', 'stream s is at 3', { violations }), occurrence)
  expect(problem).toMatchObject({ status: 409, violations })
})

test.each([
  ['a defect', new Error('secret reason'), 500, 'INTERNAL'],
  ['a full disk', new StoreError('DISK_FULL', '/secret has 0 bytes'), 507, 'DISK_FULL'],
  ['an unknown outcome', new StoreError('INDETERMINATE', 'sync of /secret'), 503, 'INDETERMINATE'],
  ['what another library says', Object.assign(new Error('secret'), { statusCode: 413 }), 413, 'BODY_TOO_LARGE'],
  ['a header too large', { statusCode: 431 }, 431, 'BAD_HTTP'],
  ['an exception of Nest', { getStatus: () => 404, message: 'Cannot GET /secret' }, 404, 'NOT_FOUND'],
  ['nothing at all', undefined, 500, 'INTERNAL'],
])('%s keeps its reason to itself', (_, error, status, code) => {
  const problem = problemOf(error, occurrence)
  expect(JSON.stringify(problem)).not.toContain('secret')
  expect(problem).toMatchObject({ status, code })
})

test('an append that may be stored says so', () => {
  expect(problemOf(new StoreError('INDETERMINATE', 'a'), { ...occurrence, isAppend: true }).outcome).toBe(
    'indeterminate',
  )
  expect(problemOf(new Error('a'), occurrence)).not.toHaveProperty('outcome')
  expect(problemOf(new StoreError('DISK_FULL', 'a'), occurrence)).not.toHaveProperty('outcome')
})

test('damage says which positions to read around, whatever it is called', () => {
  const damage = unreadable({ from: 7, to: 9, reason: 'a hash does not hold' })
  expect(problemOf(damage, occurrence).detail).toContain('positions 7 to 9')
  const named = new StoreError('DATA_CORRUPT', 'the seventh is gone', { damage: { from: 7, to: 7 } })
  expect(problemOf(named, occurrence).detail).toContain('the seventh is gone')
})

test('a detail that only sounds like damage keeps its reason to itself', () => {
  const problem = problemOf(new StoreError('DATA_CORRUPT', 'position 7 cannot be read in /secret'), occurrence)
  expect(problem.detail).not.toContain('secret')
})

test.each([400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 418, 421, 429, 431])(
  'a foreign refusal keeps its status %d',
  statusCode => {
    expect(problemOf({ statusCode }, occurrence).status).toBe(statusCode)
  },
)

test.each([
  [418, 'INVALID_REQUEST', 418],
  [500, 'INTERNAL', 500],
  [502, 'INTERNAL', 500],
  [503, 'OVERLOADED', 503],
])('a foreign status %d becomes %s', (statusCode, code, status) => {
  expect(problemOf({ statusCode }, occurrence)).toMatchObject({ code, status })
})

test('an error of another realm is known by its name and code', () => {
  const foreign = { name: 'StoreError', code: 'NOT_FOUND', message: 'no', errors: [], violations: [] }
  expect(problemOf(foreign, occurrence)).toMatchObject({ status: 404, code: 'NOT_FOUND' })
  expect(problemOf({ ...foreign, code: 'toString' }, occurrence).code).toBe('INTERNAL')
})

test.each([
  [new StoreError('RATE_LIMITED', 'slow down', { retryAfterSeconds: 12 }), 12],
  [new StoreError('OVERLOADED', 'too many'), 1],
  [new StoreError('RATE_LIMITED', 'too many'), 1],
  [new StoreError('NOT_FOUND', 'no'), undefined],
  [new Error('a'), undefined],
])('%s is worth another try after %p seconds', (error, seconds) => {
  expect(retryAfterOf(error)).toBe(seconds)
})

test.each(['abc-1', 'x'.repeat(128)])('the correlation id of a caller is kept: %s', id => {
  expect(correlationIdOf(id)).toBe(id)
})

test.each([undefined, '', 'a b', 'a\r\nb', 'x'.repeat(129), ['a'], 'é'])('anything else gets a new one: %j', given => {
  expect(correlationIdOf(given)).toMatch(/^[0-9a-f-]{36}$/)
})

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

test('a trace goes on, and a request without one begins one', () => {
  expect(traceIdOf(`00-${TRACE}-00f067aa0ba902b7-01`)).toBe(TRACE)
  expect(traceIdOf(undefined)).toMatch(/^[0-9a-f]{32}$/)
})

test.each([
  '',
  'odd',
  `01-${TRACE}-00f067aa0ba902b7-01`,
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
  `00-${TRACE}-00f067aa0ba902b7-01-x`,
  7,
])('%j is no trace context', given => {
  expect(traceparentOf(given)).toBeUndefined()
})
