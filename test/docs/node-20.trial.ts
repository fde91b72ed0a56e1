// The client's page with the oldest Node that it promises to work on: every snippet and example, against a server of its own.
import { spawnSync } from 'node:child_process'
import { delimiter, dirname, join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { followedOnFreshStore } from './fresh-store.js'
import { type Page, pagesOf } from './pages.js'

const OLDEST = 'v20.'
const page = pagesOf(resolve(import.meta.dirname, '..', '..')).find(({ path }) => path === 'client/README.md')
const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '')
const node = folders
  .map(folder => join(folder, 'node'))
  .find(binary => spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout?.startsWith(OLDEST))

if (node === undefined)
  process.stdout.write('docs: client/README.md is not followed on Node 20, for there is none on the PATH\n')
// skip: a machine may have no Node 20, which is told above
const whereItIs = node === undefined ? test.skip : test

whereItIs(
  'client/README.md can be followed on Node 20',
  async () => expect(await followedOnFreshStore(page as Page, dirname(node as string))).toEqual([]),
  120_000,
)
