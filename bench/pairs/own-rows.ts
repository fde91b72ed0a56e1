// The rows without a server: appends to the store itself, and a replay of everything.
import { join } from 'node:path'
import type { PairRow } from './row.js'
import { startOwn } from './side.js'

const append = (writers: number, batch: number, unit: string, better: PairRow['better']): PairRow => ({
  name: `engine-${writers}x${batch}`,
  what: `the store itself, ${writers} writers, batches of ${batch}`,
  unit,
  better,
  start: ({ side, directory }) => startOwn(side, `append ${writers}x${batch}`, directory),
})

const replay: PairRow = {
  name: 'replay',
  what: 'a replay of 200,000 events without snapshots',
  unit: 'events/s',
  better: 'more',
  // Both sides may be one checkout, so the name tells them apart and not the commit.
  start: ({ side, directory }) => startOwn(side, 'replay', join(directory, `replay-${side.name}`)),
}

export const OWN_ROWS: readonly PairRow[] = [
  append(1, 1, 'ms, p50', 'less'),
  append(256, 1, 'events/s', 'more'),
  append(1, 100, 'events/s', 'more'),
  replay,
]
