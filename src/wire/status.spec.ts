// docs/ERRORS.md against the catalogue and its statuses: every code, exactly as it is.
import { readFileSync } from 'node:fs'
import { ERRORS, type ErrorCode } from '../contract/errors.js'
import { codeOfStatus, statusOf } from './status.js'

const codes = Object.keys(ERRORS) as ErrorCode[]

test('docs/ERRORS.md tells the catalogue, code by code', () => {
  const page = readFileSync('docs/ERRORS.md', 'utf8')
  const told = page.split('\n').filter(line => line.startsWith('| `'))
  const meant = codes.map(code => {
    const { title, retryable, outcome, remedy } = ERRORS[code]
    return `| \`${code}\` | ${statusOf(code)} | ${title} | ${retryable ? 'yes' : 'no'} | ${outcome} | ${remedy} |`
  })
  expect(told).toEqual(meant)
})

test.each(codes)('%s is an error status', code => {
  expect(statusOf(code)).toBeGreaterThanOrEqual(400)
  expect(statusOf(code)).toBeLessThan(600)
})

test.each([400, 401, 403, 404, 406, 408, 413, 415, 429])('a foreign %d becomes a code with the same status', status => {
  expect(statusOf(codeOfStatus(status))).toBe(status)
})

test('what nobody knows is a defect', () => {
  expect(codeOfStatus(500)).toBe('INTERNAL')
  expect(codeOfStatus(418)).toBe('INVALID_REQUEST')
})
