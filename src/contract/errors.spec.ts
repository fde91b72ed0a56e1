// The error catalogue: complete in itself.
import { describe, expect, it } from '@jest/globals'
import { ERRORS, type ErrorCode, StoreError } from './errors.js'

const codes = Object.keys(ERRORS) as ErrorCode[]

describe('the error catalogue', () => {
  it.each(codes)('%s says what happened and what to do next', code => {
    const { title, remedy } = ERRORS[code]
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(remedy).toMatch(/^[A-Z].*\.$/)
  })

  it('has a title of its own for every code', () => {
    expect(new Set(codes.map(code => ERRORS[code].title)).size).toBe(codes.length)
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
