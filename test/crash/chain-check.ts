// Walks the files of a data directory from the first frame to the last, apart from any store, and proves the hash chain.

import { NO_HASH } from '../../src/backends/embedded/engine/format/bytes.js'
import { parseName } from '../../src/backends/embedded/engine/format/names.js'
import { HEADER_BLOCK_BYTES } from '../../src/backends/embedded/engine/format/segment-header.js'
import { scan } from '../../src/backends/embedded/engine/segment/scan.js'
import { readFacts } from '../../src/backends/embedded/engine/segment/sealed-segment.js'
import type { SegmentBytes } from '../../src/backends/embedded/engine/segment/segment-bytes.js'
import type { FakeDisk } from '../support/fake-disk.js'
import { must } from './ack-journal.js'

export function held(bytes: Uint8Array): SegmentBytes {
  const all = Buffer.from(bytes)
  return {
    length: all.length,
    read: async (offset, length) => all.subarray(offset, offset + length),
    readSync: (offset, length) => all.subarray(offset, offset + length),
  }
}

/** The position behind the last event. */
export async function provenEnd(disk: Pick<FakeDisk, 'files' | 'bytes'>): Promise<number> {
  let nextPosition = 1
  let chain: Buffer = NO_HASH
  for (const path of disk.files()) {
    const name = parseName(path.slice(path.lastIndexOf('/') + 1))
    must(name?.kind !== 'temporary', () => `${path} was left behind`)
    if (name?.kind !== 'segment') continue
    const source = held(disk.bytes(path))
    const { header, footer } = await readFacts(source)
    must(!('fault' in header), () => `${path} has no header`)
    const follows = header.firstPosition === nextPosition && header.prev.equals(chain)
    must(follows, () => `${path} does not continue position ${nextPosition - 1}`)
    const { salt, firstBatch: batch } = header
    const start = {
      offset: HEADER_BLOCK_BYTES,
      end: footer?.dataEnd ?? source.length,
      salt,
      nextPosition,
      chain,
      batch,
    }
    const result = await scan(source, { ...start, durable: 0, knownHead: 0 })
    must(
      result.damaged.length === 0 && result.tornAt === undefined,
      () => `${path} is not whole: ${JSON.stringify(result)}`,
    )
    ;({ nextPosition, chain } = result)
  }
  return nextPosition
}
