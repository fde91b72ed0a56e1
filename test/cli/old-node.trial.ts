// The built server and command line on a Node that is too old for them, as whoever starts their files by hand may have.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { withTempDirectory } from '../support/temp-directory.js'

const scripts = new URL('../../scripts/', import.meta.url)
const { findNode20 } = (await import(new URL('node-20.mjs', scripts).href)) as { findNode20: () => string | undefined }
const { oldestNode } = (await import(new URL('runtime.mjs', scripts).href)) as { oldestNode: readonly number[] }
const node = findNode20() ?? ''
// skip: no Node 20 is on the path, and scripts/tools.mjs could not install one
const onNode20 = node === '' ? test.skip : test

const starts: readonly (readonly string[])[] = [
  ['dist/main.js'],
  ['dist/cli/main.js', 'serve'],
  ['dist/cli/main.js', 'verify', 'DATA'],
  ['dist/cli/main.js', 'backup', 'DATA', 'COPY'],
]

onNode20.each(starts)('%s %s says which Node it needs', (...line) =>
  withTempDirectory(place => {
    const data = join(place, 'data')
    mkdirSync(data)
    const args = line.map(word =>
      word.startsWith('dist/') ? resolve(word) : word.replace('DATA', data).replace('COPY', join(place, 'copy')),
    )
    const { PATH } = process.env
    const { status, stdout, stderr } = spawnSync(node, args, {
      cwd: place,
      env: { PATH, LIGHTHOUSE_DATA_DIR: data, LIGHTHOUSE_PORT: '0', LIGHTHOUSE_LOG_FORMAT: 'text' },
      encoding: 'utf8',
    })
    expect([status, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/too old/)
    expect(stderr).toContain(`it needs Node ${oldestNode.join('.')} or newer, and this is 20.`)
    expect(stderr).toMatch(/^ *Next: install Node .* npx lighthouse/im)
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(3)
  }),
)

onNode20('what needs no more says the rest as ever', () => {
  const { status, stdout } = spawnSync(node, [resolve('dist/cli/main.js'), '--help'], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([0, expect.stringContaining('Usage: lighthouse')])
})
