// Copies bytes that are taken out of the log. They are evidence, so the copy is durable before the original is removed.
import { join } from 'node:path'
import type { Disk } from '../disk/disk.js'
import { replaceFile } from '../disk/small-file.js'
import type { SegmentBytes } from '../segment/segment-bytes.js'

const CHUNK_BYTES = 1 << 20

/** Copies `[from, to)` of a segment without its trailing zeros, and returns the count of bytes kept. */
export async function quarantine(
  disk: Disk,
  directory: string,
  evidence: { readonly name: string; readonly source: SegmentBytes; readonly from: number; readonly to: number },
): Promise<number> {
  const { name, source, from, to } = evidence
  const chunks: Buffer[] = []
  for (let at = from; at < to; at += CHUNK_BYTES) chunks.push(await source.read(at, Math.min(CHUNK_BYTES, to - at)))
  const bytes = withoutTrailingZeros(Buffer.concat(chunks))
  if (bytes.length > 0) await replaceFile(disk, join(directory, `${name}.at-${from}`), [bytes])
  return bytes.length
}

function withoutTrailingZeros(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return bytes.subarray(0, end)
}
