// Which traces are recorded: by agent, by operation, by the caller, and of the rest a share.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isSampled } from './sampling.js'
import { SPANS } from './span.js'

const rules = { percent: 10, percentInTrouble: 50, agents: new Set(['seen']), operations: new Set(['POST /v1/events']) }
const operation = { name: 'GET /v1/events', agentId: 'other' }
const ids = Array.from({ length: 10_000 }, (_, n) => createHash('md5').update(String(n)).digest('hex'))
const chosen = (percent: number, inTrouble: boolean) =>
  ids.filter(id => isSampled(operation, { id, parent: undefined }, { ...rules, percent }, inTrouble)).length

test('a tenth of the traces that begin here is recorded, and half of them in trouble', () => {
  expect(Math.abs(chosen(10, false) - 1_000)).toBeLessThan(150)
  expect(Math.abs(chosen(10, true) - 5_000)).toBeLessThan(250)
})

test('0 records none and 100 all', () => {
  expect([chosen(0, false), chosen(100, false)]).toEqual([0, ids.length])
})

test('the same trace is decided alike each time, and one of a smaller share is within a larger', () => {
  for (const id of ids.slice(0, 500)) {
    const [few, more] = [false, true].map(trouble => isSampled(operation, { id, parent: undefined }, rules, trouble))
    expect(!few || more).toBe(true)
  }
})

test.each([
  [true, true],
  [false, false],
])('a caller that says %s is followed', (parent, expected) => {
  for (const id of ids.slice(0, 50)) expect(isSampled(operation, { id, parent }, rules, true)).toBe(expected)
})

test.each([
  ['agent', { ...operation, agentId: 'seen' }],
  ['operation', { ...operation, name: 'POST /v1/events' }],
])('a named %s is recorded even where the caller does not record', (_of, named) => {
  expect(isSampled(named, { id: ids[0] as string, parent: false }, { ...rules, percent: 0 }, false)).toBe(true)
})

test('docs/TRACING.md has the spans that there are, with their attributes', () => {
  const page = readFileSync(new URL('../../docs/TRACING.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([^`]+)` \| \w+ \| (.*) \|$/gm)].map(
    ([, name, cells]) => [name, cells?.match(/[\w.]+/g)] as const,
  )
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.values(SPANS).map(({ name, attributes }) => [name, attributes])),
  )
})
