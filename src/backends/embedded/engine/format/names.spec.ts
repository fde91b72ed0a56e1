// File names: printed as they are parsed, and no other name is ever taken for ours.
import { describe, expect, test } from '@jest/globals'
import { archiveName, archiveTemporaryName, indexName, parseName, segmentName, temporary } from './names.js'

const HASH = 'ab'.repeat(32)

describe('a name that is printed is parsed', () => {
  test.each([
    [segmentName(1, 1), { kind: 'segment', firstPosition: 1, epoch: 1 }],
    [
      segmentName(9_007_199_254_740_991, 99_999_999),
      { kind: 'segment', firstPosition: 9_007_199_254_740_991, epoch: 99_999_999 },
    ],
    [indexName(20, 3), { kind: 'index', firstPosition: 20, epoch: 3 }],
    [archiveName(20, 3, HASH), { kind: 'archive', firstPosition: 20, epoch: 3, sha256: HASH }],
    [archiveTemporaryName(20, 3), { kind: 'temporary' }],
    [temporary(segmentName(20, 3)), { kind: 'temporary' }],
    [temporary(indexName(20, 3)), { kind: 'temporary' }],
    [temporary('CURRENT'), { kind: 'temporary' }],
    [temporary('RESERVE'), { kind: 'temporary' }],
  ])('%s', (name, parsed) => expect(parseName(name)).toEqual(parsed))
})

test('names sort in the order of positions', () => {
  const names = [9, 10, 1_000, 2 ** 40].map(position => segmentName(position, 1))
  expect([...names].reverse().sort()).toEqual(names)
})

describe('no other name is ours', () => {
  test.each([
    'seg-1-1.log',
    'seg-00000000000000001-00000001.log',
    'seg-0000000000000001-00000001.log.bak',
    'xseg-0000000000000001-00000001.log',
    'seg-0000000000000001-00000001.LOG',
    'seg-000000000000000x-00000001.log',
    'seg-0000000000000001-00000001.log\n',
    '../seg-0000000000000001-00000001.log',
    `seg-0000000000000001-00000001-${'AB'.repeat(32)}.zst`,
    'notes.tmp',
    'LOCK.tmp',
    '.tmp',
    'CURRENT',
    '',
  ])('%j', name => expect(parseName(name)).toBeUndefined())
})
