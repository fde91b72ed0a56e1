// What the image `development` runs on sources that change, as docker/compose.dev.yml mounts them: the server, open to a debugger.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import { freePort } from '../support/free-port.js'
import { withTempDirectory } from '../support/temp-directory.js'
import { readCompose } from './compose-file.js'

const BESIDE = ['scripts', 'package.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.dev.json']

test('it serves, is open to a debugger, and starts again when a mounted source changes', async () => {
  const service = readCompose('compose.dev.yml').services.find(({ name }) => name === 'lighthouse')
  if (service === undefined) throw new Error('docker/compose.dev.yml has no server')
  await withTempDirectory(async project => {
    const mounted = service.volumes
      .map(({ target }) => target.replace('/lighthouse/', ''))
      .filter(name => name !== 'data')
    for (const name of [...mounted, ...BESIDE]) cpSync(resolve(name), join(project, name), { recursive: true })
    symlinkSync(resolve('node_modules'), join(project, 'node_modules'))
    const inspector = `127.0.0.1:${await freePort()}`
    const [, ...args] = service.command.map(word => word.replace(/^0\.0\.0\.0:9229$/, inspector))
    const here = { LIGHTHOUSE_HOST: '127.0.0.1', LIGHTHOUSE_PORT: '0', LIGHTHOUSE_METRICS_PORT: '0' }
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, args, {
      cwd: project,
      env: {
        ...service.environment,
        ...here,
        LIGHTHOUSE_TRACES_URL: '',
        PATH: `${resolve(process.execPath, '..')}:${PATH}`,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
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
      const [target] = (await (await fetch(`http://${inspector}/json/list`)).json()) as { type: string }[]
      expect(target?.type).toBe('node')
      const source = join(project, 'src', 'server', 'first-words.ts')
      writeFileSync(source, readFileSync(source, 'utf8').replace("'listening'", "'listening after a change'"))
      await until('"message":"listening after a change"')
    } finally {
      child.kill('SIGTERM')
      await ended.catch(() => undefined)
    }
  })
}, 300_000)
