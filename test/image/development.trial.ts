// What the image `development` runs on sources that change, as docker/compose.dev.yml mounts them: the server, open to a debugger.
import { spawn } from 'node:child_process'
import { cpSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { freePort } from '../support/free-port.js'
import { mustRestart } from '../support/restarting-server.js'
import { withTempDirectory } from '../support/temp-directory.js'
import { readCompose } from './compose-file.js'
import { debuggedSource } from './debugged-source.js'

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
    await mustRestart(child, project, async () => {
      const source = await debuggedSource(inspector, '/dist-dev/server/first-words.js')
      expect(source).toBe(pathToFileURL(join(project, 'src/server/first-words.ts')).href)
    })
  })
}, 300_000)
