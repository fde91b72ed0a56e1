// Which traces are recorded: by agent, by operation, by the caller, and of the rest a share.

import { readFileSync } from 'node:fs'
import { drawnTraceId, drawTraceShare } from './random-ids.js'
import { isInShare, isPicked } from './sampling.js'
import { SPANS } from './span.js'

const rules = { percent: 10, percentInTrouble: 50, agents: new Set(['seen']), operations: new Set(['POST /v1/events']) }
const operation = { name: 'GET /v1/events', agentId: 'other' }
const shares = Array.from({ length: 10_000 }, () => drawTraceShare())
const chosen = (percent: number, inTrouble: boolean) =>
  shares.filter(share => isInShare(share, { ...rules, percent }, inTrouble)).length

test('a tenth of the traces that begin here is recorded, and half of them in trouble', () => {
  expect(Math.abs(chosen(10, false) - 1_000)).toBeLessThan(150)
  expect(Math.abs(chosen(10, true) - 5_000)).toBeLessThan(250)
})

test('0 records none and 100 all', () => {
  expect([chosen(0, false), chosen(100, false)]).toEqual([0, shares.length])
})

test('the same trace is decided alike each time, and one of a smaller share is within a larger', () => {
  for (const share of shares.slice(0, 500)) {
    const [few, more] = [false, true].map(trouble => isInShare(share, rules, trouble))
    expect(!few || more).toBe(true)
  }
})

test('the share of an id is told by its last 52 bits', () => {
  for (let n = 0; n < 2_000; n++) {
    const share = drawTraceShare()
    expect(Number.parseInt(drawnTraceId().slice(-13), 16) / 2 ** 52).toBe(share)
  }
})

test.each([
  ['agent', { ...operation, agentId: 'seen' }, true],
  ['operation', { ...operation, name: 'POST /v1/events' }, true],
  ['agent of another name', operation, false],
])('a named %s is picked', (_of, named, expected) => {
  expect(isPicked(named, rules)).toBe(expected)
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
