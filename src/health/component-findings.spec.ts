// Each component from up to down, by what is known of it.
import {
  memoryFinding,
  type NetworkFacts,
  networkFinding,
  type StorageFacts,
  type StoreFacts,
  storageFinding,
  storeFinding,
} from './component-findings.js'

const STORE: StoreFacts = { state: 'up', details: { head: 7 }, syncP99Ms: 1.26, levels: ['ok', 'ok'] }
const VOLUME = { totalBytes: 1_000, freeBytes: 500, totalInodes: 100, freeInodes: 50 }
const STORAGE: StorageFacts = { volume: VOLUME, silentMs: 5_000, writable: true, usedBytes: 10, levels: ['ok'] }
const NETWORK: NetworkFacts = {
  listening: true,
  connections: 5,
  maxConnections: 100,
  waitMs: 0,
  dependency: 'ok',
}

test.each<[string, Partial<StoreFacts>, string]>([
  ['that is well', {}, 'up'],
  ['whose appends are slow', { levels: ['warning', 'ok'] }, 'degraded'],
  ['of which parts are damaged', { state: 'degraded' }, 'degraded'],
  ['that takes no appends', { state: 'down' }, 'down'],
])('a store %s', (_, facts, state) => {
  expect(storeFinding({ ...STORE, ...facts })).toEqual({ state, details: { head: 7, syncP99Ms: 1.3 } })
})

test('a store that has not synced for a minute says nothing of how long it takes', () => {
  expect(storeFinding({ ...STORE, syncP99Ms: undefined }).details).toEqual({ head: 7 })
})

test.each<[string, Partial<StorageFacts>, string]>([
  ['that is well', {}, 'up'],
  ['that has not answered yet', { volume: undefined }, 'up'],
  ['without a fixed number of inodes', { volume: { ...VOLUME, totalInodes: 0, freeInodes: 0 } }, 'up'],
  ['that is nearly full', { volume: { ...VOLUME, freeBytes: 40 } }, 'degraded'],
  ['whose inodes run out', { volume: { ...VOLUME, freeInodes: 4 } }, 'degraded'],
  ['that takes no writes', { writable: false }, 'degraded'],
  ['about which a monitor warns', { levels: ['warning'] }, 'degraded'],
  ['that hangs', { silentMs: 16_000 }, 'down'],
])('a volume %s', (_, facts, state) => {
  expect(storageFinding({ ...STORAGE, ...facts }).state).toBe(state)
})

test.each<[string, Partial<NetworkFacts>, string]>([
  ['that is well', {}, 'up'],
  ['whose connections run out', { connections: 95 }, 'degraded'],
  ['whose keys cannot be renewed', { dependency: 'warning' }, 'degraded'],
  ['that has no keys', { dependency: 'critical' }, 'down'],
  ['that does not listen', { listening: false }, 'down'],
])('a network %s', (_, facts, state) => {
  expect(networkFinding({ ...NETWORK, ...facts }).state).toBe(state)
})

test('memory is degraded by any signal about it, and never down', () => {
  expect(memoryFinding({ details: {}, levels: ['ok', 'ok'] }).state).toBe('up')
  expect(memoryFinding({ details: {}, levels: ['ok', 'warning'] }).state).toBe('degraded')
  expect(memoryFinding({ details: {}, levels: ['critical', 'ok'] }).state).toBe('degraded')
})
