// Proves that damage in the log took nothing of a stream with it. Damage somewhere is no reason to distrust every stream.
import type { Position } from '../contract/event.js'
import type { DamagedRange, EventStore, ReadRequest } from '../contract/event-store.js'

const passOver = () => undefined

/** The ranges in which events of the stream may have stood, of those from `oldest` on. */
export async function unprovenRanges(
  store: EventStore,
  stream: string,
  damaged: readonly DamagedRange[],
  oldest: Position = 0,
): Promise<DamagedRange[]> {
  const unproven: DamagedRange[] = []
  for (const range of damaged) {
    if (range.to >= oldest && !(await goesOnBehind(store, stream, range))) unproven.push(range)
  }
  return unproven
}

/** Revisions are dense: where the stream goes on behind the damage with the next one, nothing damaged was its own. */
async function goesOnBehind(store: EventStore, stream: string, { from, to }: DamagedRange): Promise<boolean> {
  const before = await nearestRevision(store, stream, { before: from, order: 'desc' })
  const behind = await nearestRevision(store, stream, { after: to })
  return behind !== undefined && behind === (before ?? -1) + 1
}

async function nearestRevision(
  store: EventStore,
  stream: string,
  from: Pick<ReadRequest, 'before' | 'after' | 'order'>,
): Promise<number | undefined> {
  const request = { filter: { streams: [stream] }, limit: 1, onDamaged: passOver, ...from }
  for await (const { revision } of store.read(request)) return revision
  return undefined
}
