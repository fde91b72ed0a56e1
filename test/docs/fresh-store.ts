// Follows a page as somebody who has a clone and has started its server on an empty store.
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { RunningServer, TEST_SECRET } from '../support/running-server.js'
import { withTempDirectory } from '../support/temp-directory.js'
import type { Page } from './pages.js'
import { follow } from './reader.js'
import { readingOf } from './steps.js'

const LONGEST_MS = 110_000
const root = resolve(import.meta.dirname, '..', '..')

/** What went wrong. `npx` finds the command at once, so as not to take seconds each time; `node` is the one of this folder. */
export function followedOnFreshStore(page: Page, nodeFolder = dirname(process.execPath)): Promise<string[]> {
  return withTempDirectory(async scratch => {
    const clone = join(scratch, 'clone')
    mkdirSync(join(clone, 'data'), { recursive: true })
    for (const name of ['client', 'docs']) symlinkSync(join(root, name), join(clone, name))
    const server = await RunningServer.start({}, join(clone, 'data'))
    const command = { READER_NODE: process.execPath, READER_COMMAND: join(root, 'dist', 'cli', 'main.js') }
    try {
      return await follow(page, readingOf(page).steps, {
        project: root,
        cwd: clone,
        scratch,
        address: new URL(server.url).host,
        env: { ...process.env, ...command, LIGHTHOUSE_JWT_SECRET: TEST_SECRET },
        path: [join(import.meta.dirname, 'commands'), nodeFolder],
        longestMs: LONGEST_MS,
      })
    } finally {
      await server.end()
    }
  })
}
