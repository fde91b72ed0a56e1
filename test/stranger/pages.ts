// Every snippet of every page, followed in the clone: each page beside a server that `npm start` has started on an empty store.
import assert from 'node:assert/strict'
import { pagesOf } from '../docs/pages.js'
import { follow } from '../docs/reader.js'
import { readingOf } from '../docs/steps.js'
import { withTempDirectory } from '../support/temp-directory.js'
import type { Clone } from './clone.js'
import type { Check } from './run-stranger.js'
import { Command } from './terminal.js'

/** Each `npx` takes seconds. */
const LONGEST_MS = 600_000

export async function checkPages(clone: Clone, check: Check, signal: AbortSignal): Promise<void> {
  clone.run('npm', 'run', '--silent', 'build')
  for (const page of pagesOf(clone.cwd)) {
    const { steps } = readingOf(page)
    if (steps.length === 0) continue
    await check(`${page.path}: ${steps.length} steps on a fresh store`, async () => {
      const server = await clone.started()
      try {
        const faults = await withTempDirectory(scratch =>
          follow(page, steps, {
            project: clone.cwd,
            cwd: clone.cwd,
            address: clone.address,
            scratch,
            env: clone.env,
            path: [],
            longestMs: LONGEST_MS,
            signal,
          }),
        )
        assert.deepEqual(faults, [], faults.join('\n'))
      } finally {
        await server.end()
      }
    })
  }
  await check('docs/walk-through.mjs comes to its end', async () => {
    const server = await clone.started()
    try {
      const walk = Command.offTerminal('node docs/walk-through.mjs', {
        cwd: clone.cwd,
        env: { ...clone.env, LIGHTHOUSE_URL: `http://${clone.address}` },
      })
      assert.equal(await walk.over, 0, walk.said)
    } finally {
      await server.end()
    }
  })
}
