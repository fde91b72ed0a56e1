// The limits of the stream fit each other, and its page tells them.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { brokenFrameRelations, FRAME_LIMITS } from './frame-limits.js'

test('the limits fit each other', () => {
  expect(brokenFrameRelations(FRAME_LIMITS)).toEqual([])
  expect(brokenFrameRelations({ ...FRAME_LIMITS, frameBytes: 1, strangers: 1 } as never)).toEqual([
    'strangersOfAddress < strangers',
    'strangerBytes <= frameBytes',
  ])
})

test('docs/FRAMES.md tells each of them, and no other', () => {
  const page = readFileSync(resolve('docs/FRAMES.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)].map(([, name, value]) => [name, value])
  expect(rows).toEqual(Object.entries(FRAME_LIMITS).map(([name, value]) => [name, value.toLocaleString('en-US')]))
})
