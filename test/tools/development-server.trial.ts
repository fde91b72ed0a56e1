// `npm run dev`: the server from its sources, and once more when one of them changes.
import { spawn } from 'node:child_process'
import { cpSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from '@jest/globals'
import { mustRestart } from '../support/restarting-server.js'
import { withTempDirectory } from '../support/temp-directory.js'

const TAKEN_ALONG = ['src', 'config', 'docs', 'scripts', 'package.json', 'package-lock.json', 'nest-cli.json']
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'tsconfig.dev.json']

test('it starts, and starts again with what was changed', async () => {
  await withTempDirectory(async project => {
    for (const name of [...TAKEN_ALONG, ...SETTINGS]) cpSync(resolve(name), join(project, name), { recursive: true })
    symlinkSync(resolve('node_modules'), join(project, 'node_modules'))
    const env = { ...process.env, LIGHTHOUSE_PORT: '0', LIGHTHOUSE_DATA_DIR: join(project, 'data') }
    const child = spawn(process.execPath, ['scripts/run.mjs', 'dev'], {
      cwd: project,
      env: { ...env, LIGHTHOUSE_ENV: 'development' },
      stdio: ['ignore', 'pipe', 'inherit'] as const,
    })
    await mustRestart(child, project)
  })
}, 300_000)
