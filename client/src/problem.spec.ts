// Every kind of refusal becomes one kind of error, and the codes are those of the server's catalogue.
import { describe, expect, test } from '@jest/globals'
import { ERRORS } from '../../src/contract/errors.js'
import { ConflictError, SERVER_CODES } from './errors.js'
import { errorOfAnswer, errorOfFrame, secondsOf } from './problem.js'

const problem = {
  type: '/problems/OVERLOADED',
  title: 'Too many appends are waiting',
  status: 503,
  code: 'OVERLOADED',
  detail: 'Wait.',
  instance: '/v1/events',
  traceId: 'cafe',
  correlationId: 'c-1',
  retryable: true,
}

test('the codes are those of the catalogue', () => {
  expect([...SERVER_CODES].sort()).toEqual(Object.keys(ERRORS).sort())
})

describe('an answer', () => {
  test('that is a problem says all it says', () => {
    const headers = new Headers({ 'retry-after': '3' })
    const errors = [{ pointer: '/events/0', detail: 'is wrong' }]
    const body = JSON.stringify({ ...problem, errors, outcome: 'indeterminate' })
    expect(errorOfAnswer(503, headers, body)).toMatchObject({
      code: 'OVERLOADED',
      status: 503,
      title: 'Too many appends are waiting',
      detail: 'Wait.',
      message: 'Wait.',
      retryable: true,
      outcome: 'indeterminate',
      errors,
      violations: [],
      traceId: 'cafe',
      correlationId: 'c-1',
      retryAfterSeconds: 3,
    })
  })

  test('that is a conflict is a ConflictError', () => {
    const violations = [{ kind: 'revision', stream: 's', expected: 1, actual: 2 }]
    const conflict = errorOfAnswer(
      409,
      new Headers(),
      JSON.stringify({ ...problem, code: 'REVISION_CONFLICT', violations }),
    )
    expect(conflict).toBeInstanceOf(ConflictError)
    expect(conflict.violations).toEqual(violations)
  })

  test.each([
    [502, '<html>Bad Gateway</html>', true],
    [503, '', true],
    [404, 'not here', false],
    [500, '{"message":"some other server"}', false],
  ])('%i of something between is no problem of the server', (status, text, retryable) => {
    const error = errorOfAnswer(status, new Headers({ 'x-correlation-id': 'c-2' }), text)
    expect(error).toMatchObject({ code: 'BAD_ANSWER', status, retryable, correlationId: 'c-2' })
  })

  test('of a newer server keeps its code', () => {
    expect(errorOfAnswer(418, new Headers(), '{"code":"TEAPOT"}')).toMatchObject({ code: 'TEAPOT', detail: 'TEAPOT' })
  })
})

test('a frame that refuses, and one that ends without a problem', () => {
  expect(errorOfFrame({ type: 'error', problem, retryAfterSeconds: 2 })).toMatchObject({
    code: 'OVERLOADED',
    retryAfterSeconds: 2,
  })
  expect(errorOfFrame({ type: 'closed', reason: 'deleted' })).toMatchObject({ code: 'deleted', retryable: false })
})

test.each([
  [null, undefined],
  ['7', 7],
  ['Thu, 01 Jan 1970 00:01:30 GMT', 30],
  ['Thu, 01 Jan 1970 00:00:30 GMT', 0],
  ['soon', undefined],
])('Retry-After %s is %s seconds', (header, seconds) => {
  expect(secondsOf(header, 60_000)).toBe(seconds)
})
