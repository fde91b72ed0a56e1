// Which stored rows each line of docs/PERFORMANCE.md tells, by how the line begins; `group|what` where a name alone is not enough.
import { type StoredRow, type StoredRun, storedRun } from './stored-figures.js'

export interface Line {
  readonly begins: string
  readonly file: string
  readonly rows: readonly string[]
  /** Figures that follow from the stored ones. */
  readonly follows?: (
    value: (row: string) => number,
    floor: (row: string) => number,
    detail: (row: string, of: string) => number,
  ) => readonly number[]
  /** Figures that are no measurements: targets, settings, what a row was asked to do. */
  readonly given?: readonly string[]
  /** Where the target is of another run than the row. */
  readonly met?: () => boolean
}

const APPEND = 'engine-d12334d-append-read.json'
const SCALE = 'engine-d12334d-scale-open.json'
const REPLAY = 'replay-9395b38.json'
const MEMORY = 'replay-9395b38-memory-10000000.json'
const HTTP = 'http-0b7f674.json'
const LIVE = 'live-0b7f674.json'
const CLIENT = 'client-9a4420b.json'
const PAUSED = 'live-0b7f674-catchup-paused.json'
const LAYER = 'layers: one append, 64 connections'
const SIZES = ['100000', '1000000', '10000000'] as const
const MANY = '1000000 events in as many streams'

const sized = (what: (size: string) => string) => SIZES.map(what)
const line = (begins: string, file: string, ...rows: readonly string[]): Line => ({ begins, file, rows })
const layer = (begins: string, ...rows: readonly string[]): Line => ({
  ...line(`| ${begins} |`, HTTP, ...rows.map(row => `${LAYER}|${row}`)),
  follows: value => [rows.reduce((sum, row) => sum + value(`${LAYER}|${row}`), 0)],
})

export const LINES: readonly Line[] = [
  line('| 1 writer, 1 event: p50', APPEND, '1×1 p50'),
  line('| … p99 / p99.9', APPEND, '1×1 p99', '1×1 p99.9'),
  line('| 16 writers, 1 event', APPEND, '16×1'),
  line('| 256 writers, 1 event', APPEND, '256×1'),
  line('| 1 writer, batches of 100', APPEND, '1×100'),
  line('| 16 writers, batches of 100', APPEND, '16×100'),
  line('| 256 writers, batches of 100', APPEND, '256×100'),
  line('| payloads already MessagePack', APPEND, 'packed 1×100', 'packed 16×100'),
  { ...line('Why the misses', APPEND, '1×100'), given: ['100'] },

  line('| event by position, p50', APPEND, 'event by position, p50', 'event by position, p99'),
  line('| event by id, p50', APPEND, 'event by id, p50', 'event by id, p99'),
  line('| 1,000 by position range', APPEND, ...['position range', 'time'].map(by => `1,000 by ${by}, decoded, p99`)),
  line(
    '| 1,000 by type / tag',
    APPEND,
    ...['type, 1 of 9', 'tag, 1 of 8', 'stream, 1 of 200'].map(by => `1,000 by ${by}, decoded, p99`),
  ),
  line(
    '| 1,000 by a rare tag / by',
    APPEND,
    ...['tag on 1,000 events of all', 'stream, newest first'].map(by => `1,000 by ${by}, decoded, p99`),
  ),
  line('| filter over 10,000', APPEND, 'filter 10,000 on a data field, p99'),
  line('| sequential, raw', APPEND, 'sequential, raw, beside bare read + hash'),
  line('| sequential, decoded', APPEND, 'sequential, decoded, beside bare unpack'),
  line('| replay 100,000', APPEND, 'replay 100,000 events'),

  line('| filtered replay of', REPLAY, 'filtered replay of 100,000, cold'),
  line('| full replay of', REPLAY, 'full replay of 1,000,000'),
  line('| replay of 5 %', REPLAY, 'replay of 5 % by type, beside the full one'),
  line('| cold state at the end', REPLAY, 'cold state: without a snapshot by with'),
  line('| snapshot + 10,000', REPLAY, 'snapshot + delta of 10,000'),
  line('| resume from a checkpoint', REPLAY, 'resume from a checkpoint 10,000 back'),
  line('| heap after collection', MEMORY, ...heldAfter('heap after collection, growth')),
  line(
    '| resident growth from a tenth',
    'replay-42b33cd-memory-1000000.json',
    ...heldAfter('resident, beyond a tenth of it').slice(0, 2),
  ),
  line('| resident peak', MEMORY, ...heldAfter('resident, beyond a tenth of it')),

  line('| open after a clean stop', SCALE, ...sized(size => `${size} events, after a clean stop`)),
  line('| open after kill -9', SCALE, ...sized(size => `${size} events, after kill -9`)),
  line('| resident size, growth', SCALE, 'resident growth, smallest to largest'),
  line('| CPU per append', SCALE, ...sized(size => `append, CPU: ${size} events`)),
  line('| … each event in a stream', SCALE, `append, CPU: ${MANY}`),
  line('| event by position | 4', SCALE, ...sized(size => `event by position: ${size} events`)),
  line('| stream head', SCALE, ...sized(size => `stream head: ${size} events`), `stream head: ${MANY}`),
  line('| 1,000 by a rare tag, over', SCALE, ...sized(size => `1,000 events by a rare tag: ${size} events`)),
  line('| 100 of a stream', SCALE, ...sized(size => `100 events by stream, newest first: ${size} events`)),

  line('| single appends, 1 KB', HTTP, 'single|1 connections'),
  line('| … 16 / 64 / 256', HTTP, ...[16, 64, 256].map(count => `single|${count} connections`)),
  line('| … p99 at 64', HTTP, '64 connections: p99'),
  line('| … 1 / 16 / 64 / 256', HTTP, ...[1, 16, 64, 256].map(count => `storing|${count} connections`)),
  line('| batches of 100, JSON', HTTP, 'json, 8 connections, beside bare parse + encode + hash'),
  line('| batches of 100, MessagePack', HTTP, 'msgpack, 8 connections, beside bare hash'),
  line('| read 1 event', HTTP, '1 events, json, 8 connections', '1 events, msgpack, 8 connections'),
  line('| read 1,000 events, JSON', HTTP, '1000 events, json, 8 connections'),
  {
    ...line('| read 1,000 events, MessagePack', HTTP, '1000 events, msgpack, 8 connections'),
    // Of reading and hashing without a server; the floor beside it only copies.
    met: () =>
      stored(HTTP, '1000 events, msgpack, 8 connections').store >=
      0.5 * (stored(APPEND, 'sequential, raw, beside bare read + hash').floor ?? Number.NaN),
  },
  line('| probes and', HTTP, '/livez', '/readyz', '/health', '/metrics'),
  line('| start to ready', HTTP, 'start to ready'),
  line('| resident after the start', HTTP, 'resident then'),
  layer('Node: HTTP parser, sockets, streams, system calls', 'Node: http, streams, crypto'),
  layer('store: check, decide, encode, hash, frame, index', 'store: check, decide, encode, read', 'store: index'),
  layer('wire: UTF-8, depth and number scan, `JSON.parse`, answer', 'wire: bodies, shapes, answers'),
  layer('Fastify', 'Fastify'),
  layer('native code, waiting included', 'native, waiting included'),
  layer('log line', 'logging'),
  layer('metrics', 'metrics'),
  layer('Nest', 'Nest'),
  layer('garbage collection', 'garbage collection'),
  layer('token, scope, quota', 'auth: token, scope, quota'),
  layer('controllers', 'events, indexing: controllers'),
  layer('rest', 'other packages', 'server hooks'),

  line('| `append()`, 64 at once', CLIENT, 'append(), 64 at once'),
  line('| `append()`, 1,000 in one', CLIENT, 'append(), 1,000 in one Promise.all'),
  line('| `append()`, one after the other', CLIENT, 'append(), one after the other'),
  line('| `appender()`, 64 at once', CLIENT, 'appender(), 64 at once'),
  line('| acknowledgement to delivery', LIVE, 'latency|p50', 'latency|p99'),
  line('| fan-out to 100', LIVE, '100 subscribers, appends included'),
  line('| catching up', LIVE, 'WebSocket, json', 'WebSocket, msgpack', 'catch-up|sse'),
  line('| appends pipelined', LIVE, '1 socket, 250 in flight', '4 sockets, 64 in flight each'),
  line('| 1,000 idle subscribers', LIVE, 'resident memory of each'),
  line('| … appends over HTTP beside', LIVE, 'appends over HTTP, 64 connections, with and without'),
  line('| 100 subscribers at', PAUSED, 'p99 of the healthy, beside the paused and alone'),
  line('| … memory for those', PAUSED, 'resident memory for 100 that do not read'),
  line('| … when they read again', PAUSED, 'events to those that read again, none missed'),
]

function stored(file: string, what: string): StoredRow {
  return storedRun(file).rows.find(row => row.what === what) as StoredRow
}

function heldAfter(what: string): string[] {
  return SIZES.map(size => `replay of ${Number(size).toLocaleString('en-US')}: ${what}`)
}

/** What a line may tell: what its rows hold, what the notes of the run say, and what follows from both. */
export function noted({ notes = [] }: StoredRun): number[] {
  return notes.flatMap(note => [...note.matchAll(/\d[\d,.]*/g)].map(([text]) => Number(text.replaceAll(',', ''))))
}
