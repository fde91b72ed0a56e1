// Small facts: replaced as a whole, durable at once, and never guessed when damaged.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import { readFact, replaceFile, writeFact } from './small-file.js'

const PATH = '/data/FACT'
let disk: FakeDisk

beforeEach(() => {
  disk = new FakeDisk({ directories: ['/data'] })
})

test('a fact is read as it was written, and is undefined before', async () => {
  expect(await readFact(disk, PATH)).toBeUndefined()
  await writeFact(disk, PATH, { is: [1, 'ü', null] })
  expect(await readFact(disk, PATH)).toEqual({ is: [1, 'ü', null] })
})

test('it is durable when writing resolves', async () => {
  await writeFact(disk, PATH, 1)
  await writeFact(disk, PATH, 2)
  expect(await readFact(disk.afterCrash(1, 'lose-all'), PATH)).toBe(2)
})

test('wherever the power goes, it is the old fact or the new one, whole', async () => {
  await writeFact(disk, PATH, 'old')
  const told = { old: 0, new: 0 }
  for (let dieAt = 1; ; dieAt++) {
    const one = disk.clone()
    one.arm({ dieAt })
    const done = await writeFact(one, PATH, 'new').then(
      () => true,
      () => false,
    )
    if (done) break
    for (let seed = 0; seed < 8; seed++) {
      const after = one.afterCrash(seed, seed === 0 ? 'keep-all' : 'random')
      told[(await readFact(after, PATH)) as 'old' | 'new']++
    }
  }
  expect(Object.keys(told)).toEqual(['old', 'new'])
  expect([told.old > 0, told.new > 0]).toEqual([true, true])
})

describe('a damaged fact', () => {
  test('is told, whichever byte it is', async () => {
    await writeFact(disk, PATH, { firstPosition: 12 })
    const size = disk.bytes(PATH).length
    for (let at = 0; at < size; at++) {
      if (at === 64) continue
      const broken = disk.clone()
      broken.flip(PATH, at, 1)
      await expect(readFact(broken, PATH)).rejects.toMatchObject({ name: 'DamagedFact' })
    }
  })

  test('or cut off, or empty', async () => {
    await writeFact(disk, PATH, { firstPosition: 12 })
    const size = disk.bytes(PATH).length
    for (let length = 0; length < size; length++) {
      const broken = disk.clone()
      broken.cut(PATH, length)
      await expect(readFact(broken, PATH)).rejects.toMatchObject({ name: 'DamagedFact' })
    }
  })
})

test('a full disk leaves the old file', async () => {
  await writeFact(disk, PATH, 'old')
  disk.arm({ failFrom: 1, code: 'short' })
  await expect(replaceFile(disk, PATH, [Buffer.alloc(100)])).rejects.toMatchObject({ code: 'ENOSPC' })
  disk.heal()
  expect(await readFact(disk, PATH)).toBe('old')
  expect(disk.openFiles).toEqual([])
})
