// Packs states for snapshots, whole or as a difference that has been proved to restore the same text.
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import type { JsonValue } from '../contract/event.js'
import { mergePatch } from '../definitions/merge-patch.js'
import { CONTENT_BYTES_MAX } from './snapshot-file.js'
import { differenceOf, stateText } from './state-text.js'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** The largest share of a full one's size that a difference may have, because a larger one only slows every read. */
const DIFFERENCE_SHARE = 0.3

export interface PackedState {
  readonly content: Buffer
  readonly isDifference: boolean
}

/** `base` is the text of a state to which this one may be kept as a difference. */
export async function packState(text: string, base: string | undefined): Promise<PackedState> {
  const full = await compress(Buffer.from(text))
  const difference = base === undefined ? undefined : differenceText(base, text)
  if (difference !== undefined) {
    const content = await compress(Buffer.from(difference))
    if (content.length <= DIFFERENCE_SHARE * full.length) return { content, isDifference: true }
  }
  return { content: full, isDifference: false }
}

export async function unpackState(content: Buffer): Promise<string> {
  return (await decompress(content, { maxOutputLength: CONTENT_BYTES_MAX })).toString('utf8')
}

/** Answers the state that the difference makes of `base`, which it changes. */
export function applied(base: JsonValue, difference: string): JsonValue {
  return mergePatch(base, JSON.parse(difference) as JsonValue)
}

/** undefined when no merge patch restores the text byte for byte, or when the patch is longer than the text. */
function differenceText(base: string, text: string): string | undefined {
  const before = JSON.parse(base) as JsonValue
  const difference = stateText(differenceOf(before, JSON.parse(text) as JsonValue))
  if (difference.length > text.length) return undefined
  return stateText(applied(before, difference)) === text ? difference : undefined
}
