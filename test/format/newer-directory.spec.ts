// The server on a directory that a newer version has written: it does not start, says so, and the directory stays as it is.
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { withTempDirectory } from '../support/temp-directory.js'
import { bytesOfNextVersion } from './next-version.js'

const GOLDEN = join(import.meta.dirname, 'golden', 'version-1')
const PASSING = new Set(['LOCK', 'RESERVE', 'expected.json'])

test('a start on the directory of a newer version ends with 3, names the version, and changes nothing', async () => {
  await withTempDirectory(place => {
    const data = join(place, 'data')
    cpSync(GOLDEN, data, { recursive: true })
    for (const log of globSync('segments/*.log', { cwd: data }))
      writeFileSync(join(data, log), bytesOfNextVersion(readFileSync(join(data, log))))
    const before = filesOf(data)
    const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('dist/main.js')], {
      encoding: 'utf8',
      env: {
        ...process.env,
        LIGHTHOUSE_ENV: 'production',
        LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM: 'true',
        LIGHTHOUSE_PORT: '0',
        LIGHTHOUSE_DATA_DIR: data,
        LIGHTHOUSE_JWT_SECRET: 'the secret of a server under test, 32 bytes and more',
      },
    })
    const refusal = `${stdout}${stderr}`
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line))
      .find(({ level }) => level === 'fatal')
    expect({ status, refusal }).toMatchObject({
      status: 3,
      refusal: {
        code: 'FORMAT_UNSUPPORTED',
        message: expect.stringContaining('version 2'),
        next: expect.stringContaining('newer'),
      },
    })
    expect(filesOf(data)).toEqual(before)
  })
})

function filesOf(data: string): string[] {
  return globSync('**/*', { cwd: data, withFileTypes: true })
    .filter(entry => entry.isFile() && !PASSING.has(entry.name))
    .map(entry => `${entry.name} ${readFileSync(join(entry.parentPath, entry.name)).toString('latin1')}`)
    .sort()
}
