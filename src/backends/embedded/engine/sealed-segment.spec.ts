// What is kept for each sealed segment, for as long as the store runs, keeps nothing else with it.
import { describe, expect, it } from '@jest/globals'
import type { Footer } from './footer.js'
import { sha256 } from './frame.js'
import { ActivePostings } from './index/active-postings.js'
import { SealedSegment } from './sealed-segment.js'
import { PlainBytes } from './segment-bytes.js'
import type { SegmentIdentity } from './segment-header.js'

const hash = (text: string) => sha256(Buffer.from(text))
const chain = hash('chain')
const identity: SegmentIdentity = {
  ...{ salt: 1, storeId: hash('store').subarray(0, 16), epoch: 1, firstPosition: 1, firstBatch: 0, createdMs: 0 },
  prev: hash('prev'),
}
const footer: Footer = {
  ...{ firstPosition: 1, lastPosition: 7, frames: 7, dataEnd: 8_192, sealedMs: 0, batch: 7, lost: 0 },
  ...{ chain, fileHash: hash('file') },
}

function sealed(): SealedSegment {
  const source = new PlainBytes({ read: async () => 0, readSync: () => 0 }, 8_192)
  return new SealedSegment(
    '/data/segments/one.log',
    { identity, footer },
    source,
    new ActivePostings({ enumerable: 0, filtered: 0 }),
  )
}

describe('a sealed segment', () => {
  it('knows its name and its positions', () => {
    expect(sealed()).toMatchObject({ name: 'one.log', firstPosition: 1, lastPosition: 7 })
  })

  it('keeps its hashes as they were', () => {
    expect(sealed().sealed.footer.chain.equals(chain)).toBe(true)
  })

  it('keeps them in buffers of their own, not in slabs of the shared pool', () => {
    const { identity: kept, footer: end } = sealed().sealed
    const sizes = [kept.storeId, kept.prev, end.chain, end.fileHash].map(bytes => bytes.buffer.byteLength)
    expect(sizes).toEqual([16, 32, 32, 32])
  })
})
