// The tables of docs/COMPARISON.md are those that npm run bench:peers makes of a stored run.
import { expect, test } from '@jest/globals'
import type { Stored } from '../../bench/peers/results.js'
import { pageAndRun, tablesOf } from '../../bench/peers/tables.js'

const machine = {
  cpu: 'a CPU',
  cores: 2,
  memoryBytes: 1,
  kernel: 'linux 6',
  fileSystem: 'ext4',
  node: 'v24',
  load: [0],
}
const system = (name: string, syncsPerAppend: number) => ({ name, version: '1.0', syncsPerAppend })
const turn = (perSecond: number) => ({ perSecond, p50: 0.5, p99: 2, serverMicros: 200, clientMicros: 40, otherLoad: 0 })
const started = (readyMs: number) => ({ readyMs, idleBytes: 90e6, diskBytesPerEvent: 1_005 })
const cell = (name: string, what: string, systems: Stored['cells'][number]['systems']) => {
  return { name, what, systems, rounds: {}, repeated: 0 }
}

const RUN: Stored = {
  machine,
  rounds: 5,
  seconds: 1,
  eventBytes: 1_029,
  commit: 'abc1234',
  at: '2026-11-29T12:00:00.000Z',
  systems: [system('redis', 1), system('lighthouse', 1), system('umadb', 2)],
  cells: [
    cell('singles-1', '1 client', { lighthouse: turn(3_000), umadb: turn(2_000), redis: turn(6_000) }),
    cell('read-tag', 'read by tag', { lighthouse: { perSecond: 50_000, serverMicros: 20 } }),
    cell('start', 'start', { lighthouse: started(900), umadb: started(20) }),
  ],
}

test('the page shows what the stored run has measured: npm run bench:peers -- --page FILE writes it', () => {
  const { shown, made } = pageAndRun()
  expect(shown).toBe(made)
})

test('a ratio is our rate by theirs, and a dash stands where a system has no such work', () => {
  const lines = tablesOf(RUN).split('\n')
  expect(lines).toContain('| what | Lighthouse | ÷ UmaDB | ÷ Redis |')
  expect(lines).toContain('| 1 client | 3,000 | 1.50 | 0.50 |')
  expect(lines).toContain('| read by tag | 50,000 | – | – |')
})

test('waits are shown of appends alone, and what a system takes at rest beside its version and its syncs', () => {
  const lines = tablesOf(RUN).split('\n')
  expect(lines.filter(line => line.includes('0.500 / 2.00'))).toEqual([
    '| 1 client | 0.500 / 2.00 | 0.500 / 2.00 | 0.500 / 2.00 |',
  ])
  expect(lines).toContain('| UmaDB | 1.0 | 2.00 | 20.0 ms | 90.0 MB | 1,005 B |')
  expect(lines).toContain('| Redis | 1.0 | 1.00 | – | – | – |')
})
