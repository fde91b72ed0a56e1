// The disk is asked for itself, and its directory is left as it was.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { withTempDirectory } from '../../../test/support/temp-directory.js'
import { diskTimes } from './disk-times.js'

test('each write is timed until it is durable, and nothing is left behind', () =>
  withTempDirectory(async directory => {
    const { writes, p50Ms, p99Ms } = await diskTimes(directory)
    expect(writes).toBe(100)
    expect(p50Ms).toBeGreaterThan(0)
    expect(p99Ms).toBeGreaterThanOrEqual(p50Ms)
    expect(readdirSync(directory)).toEqual([])
  }))

test('where it cannot write it says so', () =>
  withTempDirectory(directory => expect(diskTimes(join(directory, 'away'))).rejects.toMatchObject({ code: 'ENOENT' })))
