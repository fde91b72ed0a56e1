// Every snippet of every page, followed in the clone: each page beside a server that `npm start` has started on an empty store.
import assert from 'node:assert/strict'
import { pagesOf } from '../docs/pages.js'
import { follow } from '../docs/reader.js'
import { readingOf } from '../docs/steps.js'
import { withTempDirectory } from '../support/temp-directory.js'
import type { Clone } from './clone.js'
import type { Check } from './run-stranger.js'

export async function checkPages(clone: Clone, check: Check): Promise<void> {
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
          }),
        )
        assert.deepEqual(faults, [], faults.join('\n'))
      } finally {
        await server.end()
      }
    })
  }
}
