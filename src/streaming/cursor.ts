// The cursor of a page: where the next page begins and up to which head, valid for the same parameters only. Pure.
import { hash } from 'node:crypto'
import { invalid } from '../contract/errors.js'
import type { Position } from '../contract/event.js'

export interface Cursor {
  readonly order: 'asc' | 'desc'
  /** The last position of the page before. */
  readonly position: Position
  /** The head when the first page was read; events appended later are not part of these pages. */
  readonly head: Position
}

const VERSION = 1
const FIELD_BYTES = 18
const SEAL_BYTES = 9
const NOT_OURS = 'is not the next of a page with these parameters; repeat those of the first page, or leave it out'

/** `parameters` is a text of everything that decides which events are read. */
export function writeCursor({ order, position, head }: Cursor, parameters: string): string {
  const bytes = Buffer.alloc(FIELD_BYTES + SEAL_BYTES)
  bytes[0] = VERSION
  bytes[1] = order === 'asc' ? 0 : 1
  bytes.writeBigUInt64BE(BigInt(position), 2)
  bytes.writeBigUInt64BE(BigInt(head), 10)
  sealOf(bytes, parameters).copy(bytes, FIELD_BYTES)
  return bytes.toString('base64url')
}

/** Throws INVALID_REQUEST unless writeCursor has written exactly this text for these parameters. */
export function readCursor(text: string, parameters: string): Cursor {
  const bytes = Buffer.from(text, 'base64url')
  const whole =
    bytes.length === FIELD_BYTES + SEAL_BYTES && bytes[0] === VERSION && bytes.toString('base64url') === text
  if (!whole || !sealOf(bytes, parameters).equals(bytes.subarray(FIELD_BYTES))) throw invalid('/cursor', NOT_OURS)
  const position = Number(bytes.readBigUInt64BE(2))
  const head = Number(bytes.readBigUInt64BE(10))
  const sound = Number.isSafeInteger(head) && position >= 1 && position <= head && (bytes[1] as number) <= 1
  if (!sound) throw invalid('/cursor', NOT_OURS)
  return { order: bytes[1] === 0 ? 'asc' : 'desc', position, head }
}

/** Guards against mistakes only: a forged cursor is harmless, as it reads nothing that the parameters would not. */
function sealOf(bytes: Buffer, parameters: string): Buffer {
  const sealed = Buffer.concat([bytes.subarray(0, FIELD_BYTES), Buffer.from(parameters)])
  return hash('sha256', sealed, 'buffer').subarray(0, SEAL_BYTES)
}
