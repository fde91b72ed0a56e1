// Commands that open a store obey the same setting as the server: a data directory in memory only when that is wanted.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { removeTempDirectory } from '../../test/support/temp-directory.js'
import { openEmbedded } from '../backends/embedded/embedded-store.js'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
// skip: this machine has no file system in memory
const withMemory = existsSync('/dev/shm') ? test : test.skip
const ALLOWED = { LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM: 'true' }
/** These commands need no secret, so they run where none is at hand. */
const PRODUCTION = { LIGHTHOUSE_ENV: 'production' }

function lighthouse(env: NodeJS.Dict<string>, ...args: string[]) {
  const command = ['--import', join(PROJECT, 'scripts', 'typescript.mjs'), join(PROJECT, 'src', 'cli', 'main.ts')]
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

withMemory('export and import of a data directory in memory', async () => {
  const place = mkdtempSync('/dev/shm/lighthouse-test-')
  try {
    const directory = join(place, 'data')
    const store = await openEmbedded({ directory, nodeId: 'node-1', allowUnsafeFilesystem: true, reserveBytes: 0 })
    await store.append({ events: [{ type: 'Told', stream: 'a', data: {} }], author: { agentId: 'a' } })
    await store.close()
    const refused = lighthouse(PRODUCTION, 'export', directory)
    expect([refused.status, refused.stderr]).toEqual([
      3,
      expect.stringContaining('LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM=true'),
    ])
    const exported = lighthouse({ ...PRODUCTION, ...ALLOWED }, 'export', directory)
    expect([exported.status, exported.stdout]).toEqual([0, expect.stringContaining('"Told"')])
    const file = join(place, 'export')
    writeFileSync(file, exported.stdout)
    const into = ['import', file, '--into', join(place, 'copy')]
    expect(lighthouse(PRODUCTION, ...into).status).toBe(3)
    expect(lighthouse({ ...PRODUCTION, ...ALLOWED }, ...into)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 event copied'),
    })
    expect(lighthouse(PRODUCTION, ...into, '--renumber').status).toBe(3)
    expect(lighthouse({ ...PRODUCTION, ...ALLOWED }, ...into, '--renumber').status).toBe(0)
    const wrong = lighthouse({ LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM: 'perhaps' }, 'export', directory)
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('must be true or false')])
  } finally {
    removeTempDirectory(place)
  }
})
