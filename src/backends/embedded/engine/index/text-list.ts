// The texts of an enumerable kind: sorted, each without what it shares with the one before.
import type { Section } from './index-format.js'
import type { IndexPages } from './index-pages.js'
import type { PageWriter } from './page-writer.js'
import { SectionCursor } from './section-cursor.js'
import type { TimeSlice } from './time-slice.js'

const SORT_RUN = 256
const READ_BATCH = 256

/**
 * A text is written as the count of UTF-16 code units that it shares with the one before, the count of its further
 * units, and these units. Each unit takes one to three bytes as in UTF-8, so that a lone surrogate, which UTF-8 cannot
 * hold, comes back as it was.
 */
export function writeText(writer: PageWriter, previous: string, text: string): void {
  let shared = 0
  const most = Math.min(previous.length, text.length)
  while (shared < most && previous.charCodeAt(shared) === text.charCodeAt(shared)) shared++
  writer.varint(shared)
  writer.varint(text.length - shared)
  for (let i = shared; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      writer.byte(unit)
    } else if (unit < 0x800) {
      writer.byte(0xc0 | (unit >>> 6))
      writer.byte(0x80 | (unit & 0x3f))
    } else {
      writer.byte(0xe0 | (unit >>> 12))
      writer.byte(0x80 | ((unit >>> 6) & 0x3f))
      writer.byte(0x80 | (unit & 0x3f))
    }
  }
}

export function* readTexts(pages: IndexPages, section: Section): Generator<string> {
  let at = 0
  let previous = ''
  while (at < section.length) {
    // Texts are read in batches, because the caller may read pages in between that replace the cursor's.
    const batch: string[] = []
    const cursor = new SectionCursor(pages, section, at)
    while (cursor.at < section.length && batch.length < READ_BATCH) {
      previous = readText(pages, cursor, previous)
      batch.push(previous)
    }
    at = cursor.at
    yield* batch
  }
}

function readText(pages: IndexPages, cursor: SectionCursor, previous: string): string {
  const shared = cursor.varint()
  if (shared > previous.length) throw pages.damaged('a text that shares more than there is')
  let text = previous.slice(0, shared)
  for (let left = cursor.varint(); left > 0; left--) text += String.fromCharCode(readUnit(cursor))
  return text
}

function readUnit(cursor: SectionCursor): number {
  const first = cursor.byte()
  if (first < 0x80) return first
  if (first < 0xe0) return ((first & 0x1f) << 6) | (cursor.byte() & 0x3f)
  return ((first & 0x0f) << 12) | ((cursor.byte() & 0x3f) << 6) | (cursor.byte() & 0x3f)
}

/** Sorts by code units in slices: short runs first, then merges of neighbours. */
export async function sortTexts(texts: readonly string[], pace: TimeSlice): Promise<string[]> {
  let from: string[] = []
  for (let start = 0; start < texts.length; start += SORT_RUN) {
    for (const text of texts.slice(start, start + SORT_RUN).sort()) from.push(text)
    if (pace.due) await pace.rest()
  }
  let to = new Array<string>(from.length)
  for (let run = SORT_RUN; run < from.length; run *= 2) {
    for (let start = 0; start < from.length; start += run * 2) {
      await mergeRuns(from, to, { start, run }, pace)
    }
    ;[from, to] = [to, from]
  }
  return from
}

async function mergeRuns(
  from: string[],
  to: string[],
  at: { start: number; run: number },
  pace: TimeSlice,
): Promise<void> {
  const middle = Math.min(at.start + at.run, from.length)
  const end = Math.min(middle + at.run, from.length)
  let left = at.start
  let right = middle
  for (let out = at.start; out < end; out++) {
    const takeLeft = right === end || (left < middle && (from[left] as string) <= (from[right] as string))
    to[out] = from[takeLeft ? left++ : right++] as string
    if (out % SORT_RUN === 0 && pace.due) await pace.rest()
  }
}
