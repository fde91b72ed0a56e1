// What an append is told when it could not be decided, and when nobody knows whether it is stored.
import { expect, test } from '@jest/globals'
import { StoreError } from '../../contract/errors.js'
import { indeterminate, inWords } from './admitted.js'
import { DamagedEvent } from './entry-reader.js'

test('an error of the store stays as it is, and any other has a code', () => {
  const full = new StoreError('DISK_FULL', 'no room')
  expect(inWords(full)).toBe(full)
  expect(inWords(new DamagedEvent({ position: 3, offset: 9 } as never))).toMatchObject({ code: 'DATA_CORRUPT' })
  expect(inWords(new TypeError('odd'))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
})

test('why it is not known is told, whatever was thrown', () => {
  for (const cause of [new Error('the disk failed'), 'the disk failed'])
    expect(indeterminate(cause)).toMatchObject({
      code: 'INDETERMINATE',
      message: expect.stringContaining('the disk failed'),
    })
})
