// What other pages repeat of docs/PERFORMANCE.md is what the stored runs in bench/results say.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

interface Row {
  readonly group: string
  readonly what: string
  readonly store: number
  readonly floor?: number
  readonly ratio?: number
  readonly met?: boolean
}

const LIVE = 'live-0b7f674.json'
const EIGHT = '8 connections'
const PARSED = 'beside bare parse + encode + hash'
const HASHED = 'beside bare hash'

function rowsOf(beginning: string): readonly Row[] {
  const files = readdirSync('bench/results').filter(name => name.startsWith(beginning))
  return files.flatMap(name => (JSON.parse(readFileSync(`bench/results/${name}`, 'utf8')) as { rows: Row[] }).rows)
}

const two = (figure: number | undefined) => (figure ?? Number.NaN).toFixed(2)
const hundreds = (figure: number | undefined) =>
  (Math.round((figure ?? Number.NaN) / 100) * 100).toLocaleString('en-US')
const thousands = ({ store }: Row) => (Math.round(store / 1000) * 1000).toLocaleString('en-US')

/** What other pages repeat, by the group of its row where several rows have one name. */
const REPEATED: readonly (readonly [
  page: string,
  run: string,
  group: string,
  what: string,
  said: (row: Row) => string,
])[] = [
  ['README.md', 'http', 'single', '64 connections', r => `–${thousands(r)} single appends`],
  ['README.md', 'http', 'single', '256 connections', r => `${thousands(r)}–`],
  ['README.md', 'http', 'single', '64 connections: p99', r => `p99 ${Math.round(r.store)} ms at 64`],
  ['README.md', LIVE, 'append', '1 socket, 250 in flight', r => `${thousands(r)} pipelined`],
  ['README.md', 'http', 'batch', `json, ${EIGHT}, ${PARSED}`, r => `${thousands(r)} (JSON)`],
  [
    'README.md',
    'http',
    'batch',
    `msgpack, ${EIGHT}, ${HASHED}`,
    r => `${thousands(r)} (MessagePack) events a second in`,
  ],
  ['README.md', 'http', 'read', `1000 events, json, ${EIGHT}`, r => `${thousands(r)} to`],
  ['README.md', 'http', 'read', `1000 events, msgpack, ${EIGHT}`, r => `to ${thousands(r)} events a second read`],
  ['README.md', LIVE, 'latency', 'p50', r => `${two(r.store)} ms after`],
  ['README.md', LIVE, 'latency', 'p99', r => `p99 ${r.store.toFixed(1)} ms)`],
  ['README.md', LIVE, 'fan-out', '100 subscribers, appends included', r => `${thousands(r)} frames`],
  ['README.md', 'http', 'start', 'start to ready', r => `ready ${two(r.store / 1000)} s`],
  ['README.md', 'http', 'start', 'resident then', r => `in ${Math.round(r.store)} MB`],
  ['docs/FAQ.md', 'http', 'start', 'resident then', r => `${Math.round(r.store)} MB after the start`],
  ['docs/TUNING.md', 'http', 'start', 'resident then', r => `${Math.round(r.store)} MB after the start`],
  ['docs/TUNING.md', 'engine', 'disk', 'batches of 100', r => `from ${(-r.store).toFixed(1)} % less`],
  ['docs/TUNING.md', 'engine', 'disk', 'batches of 1', r => `to ${r.store.toFixed(1)} % more`],
  ['docs/TUNING.md', 'http', 'single', '1 connections', r => `${hundreds(r.store)} events/s`],
  ['docs/TUNING.md', 'http', 'single', '64 connections', r => `${hundreds(r.store)} events/s`],
  ['docs/TUNING.md', LIVE, 'append', '1 socket, 250 in flight', r => `${hundreds(r.store)} events/s`],
  ['docs/TUNING.md', 'http', 'batch', `json, ${EIGHT}, ${PARSED}`, r => `${thousands(r)} events/s`],
  ['docs/TUNING.md', 'http', 'batch', `msgpack, ${EIGHT}, ${HASHED}`, r => `${thousands(r)} events/s`],
  ['docs/TUNING.md', 'http', 'read', `1 events, json, ${EIGHT}`, r => `| ${thousands(r)} |`],
  ['docs/TUNING.md', 'http', 'read', `1000 events, json, ${EIGHT}`, r => `| ${thousands(r)} /`],
  ['docs/TUNING.md', 'http', 'read', `1000 events, msgpack, ${EIGHT}`, r => `/ ${thousands(r)} |`],
  ['docs/TUNING.md', LIVE, 'catch-up', 'WebSocket, json', r => `| ${thousands(r)} /`],
  ['docs/TUNING.md', LIVE, 'catch-up', 'WebSocket, msgpack', r => `/ ${thousands(r)} |`],
  ['docs/TUNING.md', LIVE, 'catch-up', 'sse', r => `| ${thousands(r)} |`],
  ['docs/TUNING.md', LIVE, 'fan-out', '100 subscribers, appends included', r => `${thousands(r)} frames/s`],
]

test.each(REPEATED)('%s repeats %s: %s, %s', (name, run, group, what, said) => {
  const row = rowsOf(run).find(one => one.group === group && one.what === what)
  expect(row).toBeDefined()
  expect(readFileSync(name, 'utf8')).toContain(said(row as Row))
})
