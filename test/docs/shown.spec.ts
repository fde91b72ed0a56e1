// What is shown of an answer is held against what came: fields, kinds and order, and what `…` leaves out.
import { expect, test } from '@jest/globals'
import { blocksOf, type Page } from './pages.js'
import { differenceOf, statusShown } from './shown.js'
import { readingOf } from './steps.js'

const CAME = 'HTTP/1.1 200 OK\n\n{"id":"7_0_a","position":7,"tags":["x"],"next":null,"event":{"type":"T","data":{}}}'

test.each([
  '{"id":"1_0_b","position":1201}',
  '{"tags":[…],"event":{…}}',
  '{"position":1,…,"next":null}',
  '{"event":{"type":"T",…}}',
])('%s shows what came', shown => expect(differenceOf(shown, CAME)).toBeUndefined())

test.each([
  ['{"revision":0}', '/revision is missing'],
  ['{"position":"7"}', '/position is of the kind number'],
  ['{"next":"AQ"}', '/next is of the kind null'],
  ['{"event":{"type":"U"}}', '/event/type is "T"'],
])('%s does not: %s', (shown, why) => expect(differenceOf(shown, CAME)).toContain(why))

test('frames are shown in the order in which they came', () => {
  const came = 'data: {"type":"event"}\n\ndata: {"type":"checkpoint"}\n\ndata: {"type":"caughtUp"}'
  expect(differenceOf('{"type":"event"}\n{"type":"caughtUp"}', came)).toBeUndefined()
  expect(differenceOf('{"type":"caughtUp"}\n{"type":"event"}', came)).toContain('/type is')
})

test('a problem that is shown tells which status is expected', () => {
  expect(statusShown('{"code":"REVISION_CONFLICT","status":409}')).toBe(409)
  expect(statusShown('{"state":{"status":"done"}}')).toBeUndefined()
})

const page = (text: string): Page => ({ path: 'docs/PAGE.md', text, blocks: blocksOf(text) })

test('an answer without a command is a fault of the page', () => {
  expect(readingOf(page('# One\n```json\n{}\n```\n')).faults).toEqual([expect.stringContaining('docs/PAGE.md:2')])
  expect(readingOf(page('```sh\nls\n```\n# Another\n```json\n{}\n```\n')).faults).toHaveLength(1)
})

test('a comment that tells of an answer ends a step', () => {
  const { steps } = readingOf(page('```sh\nfirst\n# → {"n":1}\nsecond\n```\n'))
  expect(steps.map(({ line, shown }) => [line, shown])).toEqual([
    [2, '{"n":1}'],
    [4, undefined],
  ])
})
