// What `npm start` does to a bare clone first: npm's own installation, told to whoever waits, and once.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { withTempDirectory } from '../support/temp-directory.js'

const PROJECT = { name: 'a-clone', version: '1.0.0' }

test('it says that it installs and how long that took; a second time it does and says nothing', async () => {
  await withTempDirectory(project => {
    cpSync(resolve('scripts'), join(project, 'scripts'), { recursive: true })
    mkdirSync(join(project, 'bin'))
    cpSync(resolve('bin/lighthouse.mjs'), join(project, 'bin', 'lighthouse.mjs'))
    // Nothing to fetch, so that it needs no network.
    const lock = { ...PROJECT, lockfileVersion: 3, requires: true, packages: { '': PROJECT } }
    writeFileSync(join(project, 'package.json'), JSON.stringify(PROJECT))
    writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock))
    const setUp = () => {
      const command = ['scripts/run.mjs', 'setup']
      const { status, stderr } = spawnSync(process.execPath, command, { cwd: project, encoding: 'utf8' })
      return { status, stderr }
    }
    const first = setUp()
    expect(first).toMatchObject({ status: 0, stderr: expect.stringContaining('installing dependencies (npm ci)') })
    expect(first.stderr).toMatch(/lighthouse: installed \d+ packages in \d+ s\n$/)
    expect(existsSync(join(project, 'node_modules', '.bin', 'lighthouse'))).toBe(true)
    expect(setUp()).toEqual({ status: 0, stderr: '' })
  })
})
