// Problem details: the shape, what may be retried, and what never leaves the server.
import { correlationIdOf } from './correlation-id.js'
import { problemOf } from './problem.js'

const occurrence = { detail: 'secret reason', path: '/v1/a?token=b', correlationId: 'c' }

test('a refusal says what is wrong', () => {
  expect(problemOf({ ...occurrence, status: 404 })).toEqual({
    type: '/problems/NOT_FOUND',
    title: 'Not Found',
    status: 404,
    detail: 'secret reason',
    instance: '/v1/a',
    code: 'NOT_FOUND',
    correlationId: 'c',
    retryable: false,
  })
})

test('a failure of the server keeps its reason to itself', () => {
  const problem = problemOf({ ...occurrence, status: 500 })
  expect(JSON.stringify(problem)).not.toContain('secret')
  expect(problem).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', retryable: true })
})

test.each(['abc-1', 'x'.repeat(128)])('the correlation id of a caller is kept: %s', id => {
  expect(correlationIdOf(id)).toBe(id)
})

test.each([undefined, '', 'a b', 'a\r\nb', 'x'.repeat(129), ['a'], 'é'])('anything else gets a new one: %j', given => {
  expect(correlationIdOf(given)).toMatch(/^[0-9a-f-]{36}$/)
})
