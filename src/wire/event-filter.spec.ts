// The fields of a filter: those of the contract, and no other, in bodies, frames and queries.
import 'reflect-metadata'
import { checkRead } from '../contract/check/check-read.js'
import { FILTER_FIELD_LIST } from '../contract/filter.js'
import { EventFilterDto, EventFilterParameters } from './event-filter.dto.js'
import { validatorOf } from './validator.js'

test.each(FILTER_FIELD_LIST)('$name is taken in a body and in a query, and read by the store', ({ name, ...field }) => {
  const value = field.isText === true ? 'a' : ['a']
  expect(validatorOf(EventFilterDto).body({ [name]: value })).toEqual({ [name]: value })
  expect(validatorOf(EventFilterParameters).query({ [field.parameter]: 'a' })).toEqual({ [field.parameter]: ['a'] })
  expect(() => checkRead({ filter: { [name]: value } })).not.toThrow()
})

test('what only the server itself asks for is taken from nobody', () => {
  for (const field of ['causes', 'within']) {
    expect(() => validatorOf(EventFilterDto).body({ [field]: ['a'] })).toThrow(`/${field}`)
    expect(() => validatorOf(EventFilterParameters).query({ [field]: ['a'] })).toThrow(`/${field}`)
  }
})
