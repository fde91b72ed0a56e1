// What the data directory takes is what `du` says of it, folders and holes included.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DirectoryUse } from './directory-use.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'directory-use-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Folders themselves have no part in the figure, and `du` counts them. */
const said = () =>
  execFileSync('find', [directory, '-type', 'f', '-printf', '%b\n'], { encoding: 'utf8' })
    .split('\n')
    .reduce((sum, blocks) => sum + Number(blocks) * 512, 0)

test('all files in all folders count with what they take, and a hole takes nothing', async () => {
  mkdirSync(join(directory, 'snapshots', 'of-one'), { recursive: true })
  writeFileSync(join(directory, 'log'), Buffer.alloc(100_000, 1), { flush: true })
  writeFileSync(join(directory, 'snapshots', 'of-one', 'state'), Buffer.alloc(50_000, 1), { flush: true })
  writeFileSync(join(directory, 'hole'), '')
  truncateSync(join(directory, 'hole'), 10_000_000)
  const use = new DirectoryUse(directory)
  expect(use.bytes).toBeUndefined()
  await use.measure(0)
  expect(use.bytes).toBe(said())
  expect(use.bytes).toBeGreaterThanOrEqual(150_000)
  expect(use.bytes).toBeLessThan(1_000_000)
})

test('it is looked up once a minute, and what was found stays when the directory is gone', async () => {
  writeFileSync(join(directory, 'log'), Buffer.alloc(10_000, 1), { flush: true })
  const use = new DirectoryUse(directory)
  await use.measure(0)
  const first = use.bytes as number
  writeFileSync(join(directory, 'more'), Buffer.alloc(10_000, 1), { flush: true })
  await use.measure(59_000)
  expect(use.bytes).toBe(first)
  await use.measure(61_000)
  const second = use.bytes as number
  expect(second).toBeGreaterThan(first)
  rmSync(directory, { recursive: true })
  await use.measure(200_000)
  expect(use.bytes).toBe(second)
})
