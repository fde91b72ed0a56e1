// A segment as a newer release would have written it: the next version of the format, and all checksums right.
import { crc32 } from 'node:zlib'

const VERSION_AT = 4
const CRC_AT = 92

export function bytesOfNextVersion(segment: Uint8Array): Buffer {
  const bytes = Buffer.from(segment)
  bytes.writeUInt16LE(bytes.readUInt16LE(VERSION_AT) + 1, VERSION_AT)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT)
  return bytes
}
