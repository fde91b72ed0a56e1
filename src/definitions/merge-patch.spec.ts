// JSON Merge Patch: the cases of RFC 7396, and what JSON has beside them.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { JsonValue } from '../contract/event.js'
import { mergePatch } from './merge-patch.js'

/** Appendix A of the RFC. */
const CASES: readonly (readonly [target: string, patch: string, result: string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
]

const parse = (text: string) => JSON.parse(text) as JsonValue

describe('merging', () => {
  test.each(CASES)('%s with %s is %s', (target, patch, result) => {
    expect(JSON.stringify(mergePatch(parse(target), parse(patch)))).toBe(result)
  })

  test('keys that mean something elsewhere are keys', () => {
    const patch = parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":null}')
    const merged = mergePatch(parse('{"a":1}'), patch)
    expect(JSON.stringify(merged)).toBe('{"a":1,"__proto__":{"polluted":true},"constructor":{"prototype":1}}')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(JSON.stringify(mergePatch(merged, parse('{"__proto__":{"more":1}}')))).toContain(
      '"__proto__":{"polluted":true,"more":1}',
    )
    expect(JSON.stringify(mergePatch(merged, parse('{"__proto__":null}')))).not.toContain('__proto__')
  })

  test('the patch is never changed, whatever happens to the state', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 10 }), found => {
        const patches = found as JsonValue[]
        const before = JSON.stringify(patches)
        let state: JsonValue = {}
        for (const patch of patches) state = mergePatch(state, patch)
        expect(JSON.stringify(patches)).toBe(before)
      }),
    )
  })
})
