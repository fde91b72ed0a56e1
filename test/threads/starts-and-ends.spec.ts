// A server of several threads starts and ends as one of one thread does, whatever its threads are doing then.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { freePort } from '../support/free-port.js'
import { TEST_SECRET } from '../support/running-server.js'
import { writeCertificate } from '../support/self-signed.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'

let directory: string
beforeEach(() => {
  directory = makeTempDirectory()
})
afterEach(() => removeTempDirectory(directory))

/** A server that may not listen yet. */
class StartedServer {
  private said = ''
  private readonly child: ChildProcess
  private readonly over: Promise<unknown>

  constructor(env: Readonly<Record<string, string>>) {
    const settings = {
      LIGHTHOUSE_ENV: 'test',
      LIGHTHOUSE_THREADS: '2',
      LIGHTHOUSE_DATA_DIR: directory,
      LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
      LIGHTHOUSE_LOG_LEVEL: 'info',
      ...env,
    }
    this.child = spawn(process.execPath, [resolve('dist/main.js')], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', text => {
      this.said += text
    })
    this.over = once(this.child, 'close')
  }

  says(text: string): Promise<boolean> {
    return until(() => {
      if (this.said.includes(text)) return true
      if (this.child.exitCode === null) return false
      throw new Error(`the server ended with ${this.child.exitCode}:\n${this.said}`)
    })
  }

  async end(): Promise<{ readonly code: number | null; readonly fatal: readonly string[] }> {
    this.child.kill('SIGTERM')
    await this.over
    const fatal = this.said.split('\n').filter(line => line.includes('"level":"fatal"'))
    return { code: this.child.exitCode, fatal }
  }
}

const IN_ORDER = { code: 0, fatal: [] }

test('a server that waits for the one before it takes its directory and its port when that has ended', async () => {
  const LIGHTHOUSE_PORT = String(await freePort())
  const before = new StartedServer({ LIGHTHOUSE_PORT })
  await before.says('"message":"listening"')
  const next = new StartedServer({ LIGHTHOUSE_PORT, LIGHTHOUSE_LOCK_WAIT_SECONDS: '60' })
  await next.says('"message":"the start waits for the lock"')
  expect(await before.end()).toEqual(IN_ORDER)
  await next.says('"message":"listening"')
  expect(await next.end()).toEqual(IN_ORDER)
})

test('a stop while threads start ends in order, without waiting for them', async () => {
  const { tlsCertPath, tlsKeyPath } = writeCertificate(directory)
  const server = new StartedServer({ LIGHTHOUSE_TLS_CERT_PATH: tlsCertPath, LIGHTHOUSE_TLS_KEY_PATH: tlsKeyPath })
  // The last that the writer says before it starts them.
  await server.says('"message":"a certificate is in force"')
  expect(await server.end()).toEqual(IN_ORDER)
})
