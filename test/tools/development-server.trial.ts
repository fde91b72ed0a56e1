// `npm run dev`: the server from its sources, and once more when one of them changes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
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
    const said: string[] = []
    const lines = createInterface({ input: child.stdout }).on('line', line => said.push(line))
    const ended = once(child, 'close').then(([code]) => Promise.reject(new Error(`it ended with ${code}`)))
    ended.catch(() => undefined)
    const until = async (text: string) => {
      while (!said.some(line => line.includes(text))) await Promise.race([once(lines, 'line'), ended])
    }
    try {
      await until('"message":"listening"')
      const main = join(project, 'src', 'server', 'first-words.ts')
      const text = readFileSync(main, 'utf8')
      expect(text).toContain("'listening'")
      writeFileSync(main, text.replace("'listening'", "'listening after a change'"))
      await until('"message":"listening after a change"')
    } finally {
      child.kill('SIGTERM')
      await ended.catch(() => undefined)
    }
  })
}, 300_000)
