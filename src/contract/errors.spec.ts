// The error catalogue: complete in itself, and told by docs/ERRORS.md as it is.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { codeOf, ERRORS, type ErrorCode, invalid, StoreError, unreadable } from './errors.js'

const codes = Object.keys(ERRORS) as ErrorCode[]

describe('the error catalogue', () => {
  it.each(codes)('%s says what happened and what to do next', code => {
    const { title, remedy, status } = ERRORS[code]
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(600)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(remedy).toMatch(/^[A-Z].*\.$/)
  })

  it('has a title of its own for every code', () => {
    expect(new Set(codes.map(code => ERRORS[code].title)).size).toBe(codes.length)
  })

  it('takes a failure that passes by itself as worth another try, and a fault of the caller for no failure of the server', () => {
    const passing = codes.filter(code => ERRORS[code].failure === 'recoverable')
    expect(passing.filter(code => !ERRORS[code].retryable)).toEqual([])
    const faults = codes.filter(code => ERRORS[code].failure === 'caller')
    expect(faults.filter(code => ERRORS[code].status >= 500)).toEqual(['ABORTED'])
  })

  it('is what docs/ERRORS.md says, code by code', () => {
    const rows = readFileSync('docs/ERRORS.md', 'utf8')
      .split('\n')
      .filter(line => line.startsWith('| `'))
    const meant = codes.map(code => {
      const { status, title, failure, retryable, outcome, remedy } = ERRORS[code]
      return `| \`${code}\` | ${status} | ${title} | ${failure} | ${retryable ? 'yes' : 'no'} | ${outcome} | ${remedy} |`
    })
    expect(rows).toEqual(meant)
  })
})

describe('a store error', () => {
  it('knows from its code whether trying again can help and what became of the append', () => {
    const error = new StoreError('INDETERMINATE', 'The sync failed')
    expect(error).toMatchObject({ name: 'StoreError', message: 'The sync failed', retryable: true })
    expect(error.outcome).toBe('indeterminate')
    expect([error.errors, error.violations]).toEqual([[], []])
  })

  it('carries its facts and its cause', () => {
    const cause = new Error('EIO')
    const errors = [{ pointer: '/key', detail: 'must be short' }]
    const error = new StoreError('INVALID_REQUEST', 'no', { errors, cause })
    expect(error.errors).toEqual(errors)
    expect(error.cause).toBe(cause)
  })
})

describe('an error that says what it is about', () => {
  it('names the field of the request that breaks a rule', () => {
    const errors = [{ pointer: '/after', detail: 'must be a position' }]
    expect(invalid('/after', 'must be a position')).toMatchObject({
      code: 'INVALID_REQUEST',
      message: '/after must be a position',
      errors,
    })
    expect(invalid('', 'must be an object').message).toBe('must be an object')
    expect(invalid('/after', 'must be a position', 'No.')).toMatchObject({ message: 'No.', errors })
  })

  it.each([
    [{ from: 7, to: 7 }, '', 'position 7 cannot be read: a hash does not hold'],
    [{ from: 7, to: 9 }, 'who knows', 'positions 7 to 9 cannot be read: a hash does not hold; who knows'],
  ])('names the positions that are damaged: %j %s', (damage, loss, message) => {
    const error = unreadable({ ...damage, reason: 'a hash does not hold' }, loss)
    expect(error).toMatchObject({ code: 'DATA_CORRUPT', message, damage })
  })

  it.each([
    [new StoreError('CLOSED', 'no'), 'CLOSED'],
    [Object.assign(new Error('no'), { code: 'EIO' }), 'EIO'],
    [{ code: 7 }, undefined],
    [undefined, undefined],
    [null, undefined],
    ['CLOSED', undefined],
  ])('%s has the code %p', (error, code) => {
    expect(codeOf(error)).toBe(code)
  })
})
