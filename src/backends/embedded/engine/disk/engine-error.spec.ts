// Who holds a store, as its lock file says it.
import { expect, test } from '@jest/globals'
import { inUse } from './engine-error.js'

test.each([
  [JSON.stringify({ pid: 7, host: 'm', since: 'noon' }), 'process 7 on m, since noon'],
  [JSON.stringify({ pid: 7 }), 'process 7'],
  ['somebody else', 'somebody else'],
  ['', 'another process'],
])('of %j it is told by name', (tag, holder) => {
  expect(inUse('/data', tag)).toMatchObject({ refusal: 'locked', message: `/data is in use by ${holder}` })
})
