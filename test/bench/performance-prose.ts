// Which stored rows the paragraphs of docs/PERFORMANCE.md tell that have figures.
import type { Line } from './performance-lines.js'

const HTTP = 'http-0b7f674.json'
const BARE = 'single|64 connections'
const STORING = 'storing|64 connections'
const LAYERS = [
  'Node: http, streams, crypto',
  'store: check, decide, encode, read',
  'wire: bodies, shapes, answers',
  'Fastify',
  'native, waiting included',
  'logging',
  'metrics',
  'Nest',
  'garbage collection',
  'auth: token, scope, quota',
  'events, indexing: controllers',
  'other packages',
  'store: index',
  'server hooks',
].map(name => `layers: one append, 64 connections|${name}`)
/** What a bare server does not have. */
const FEATURES = LAYERS.filter(name => /wire|logging|metrics|auth|controllers/.test(name))

const SOAK = ['heap after collection', 'resident', 'descriptors, most']

export const PROSE: readonly Line[] = [
  {
    begins: 'Ten minutes of appends',
    file: 'soak-e0b0b40.json',
    rows: SOAK,
    // The target, and a limit of the store.
    given: ['1', '512'],
  },
  { begins: 'With segments of 8 MB', file: 'soak-731f586.json', rows: SOAK, given: ['8'] },
  {
    begins: 'What a replay holds',
    file: 'replay-42b33cd-memory-1000000.json',
    rows: ['100,000', '1,000,000'].map(size => `replay of ${size}: resident, beyond a tenth of it`),
    // How large the young heap is held, and the target.
    given: ['8', '10'],
  },
  {
    begins: 'The resident peaks in the table',
    file: 'replay-9395b38-memory-10000000.json',
    rows: [],
    follows: (_value, _floor, detail) => {
      const peaks = ['100,000', '1,000,000', '10,000,000'].map(size =>
        detail(`replay of ${size}: resident, beyond a tenth of it`, 'peak, as V8 sees fit'),
      ) as [number, number, number]
      return [peaks[1] - peaks[0], peaks[2] - peaks[1]]
    },
  },
  {
    begins: 'Bytes on disk',
    file: 'engine-72c33ae-disk.json',
    rows: ['batches of 1', 'batches of 10', 'batches of 100'],
    given: ['+12'],
  },
  {
    begins: 'All files of a data directory',
    file: 'engine-72c33ae-disk.json',
    rows: ['all files, three folds of a fleet', 'all files, a quarter collected'],
    given: ['10,000', '+25'],
  },
  {
    begins: 'Archives (zstd',
    file: 'engine-72c33ae-disk.json',
    rows: ['archive of batches of 1', 'archive of batches of 100'],
    // How they are packed, of which batches, the targets, and the size of status events.
    given: ['3', '256', '100', '40', '15', '200', '300'],
  },
  {
    begins: '`npm run bench:backup`',
    file: 'backup-9395b38.json',
    rows: [
      'first backup; floor: cp and sync',
      'a second one, nothing new',
      'restore',
      '16 writers, batches of 1',
      'p50',
      'p99',
    ],
    given: ['16'],
  },
  {
    begins: 'The last of the floors',
    file: HTTP,
    rows: [],
    given: ['0.5'],
    follows: (value, floor) => [
      floor(STORING) / floor(BARE),
      // Microseconds that half the rate of a bare server leaves beside storing.
      2e6 / floor(BARE) - 1e6 / floor(STORING),
      sum(FEATURES.map(value)),
    ],
  },
  {
    begins: 'What each layer costs',
    file: HTTP,
    rows: [],
    given: ['64'],
    follows: value => [sum(LAYERS.map(value))],
  },
  {
    begins: 'Of what `gate:prove` plants',
    file: 'gate-proof.json',
    rows: ['block|batch-throughput, figure', 'look|batch-throughput, figure'],
    // Turns of a pair, and what is planted.
    given: ['24', '20', '7'],
  },
  { begins: 'Token, checks, log', file: HTTP, rows: [], follows: value => [sum(FEATURES.map(value))] },
]

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0)
}
