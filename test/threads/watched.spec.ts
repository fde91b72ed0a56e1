// The writer of a server looks after its front threads, and after what they and it have in common.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { freePort } from '../support/free-port.js'
import { RunningServer } from '../support/running-server.js'
import { writeCertificate } from '../support/self-signed.js'
import { holdFrontThread, isReplacement, threadsEnv } from '../support/several-threads.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'

const FRONTS = 2
const LIMIT_SECONDS = 3
const LATER_DAYS = 60

const certificates = makeTempDirectory()
let server: RunningServer
let metricsPort: number
beforeAll(async () => {
  metricsPort = await freePort()
  const { tlsCertPath, tlsKeyPath } = writeCertificate(certificates)
  server = await RunningServer.start({
    ...threadsEnv(FRONTS),
    LIGHTHOUSE_WATCHDOG_SECONDS: String(LIMIT_SECONDS),
    LIGHTHOUSE_METRICS_PORT: String(metricsPort),
    LIGHTHOUSE_TLS_CERT_PATH: tlsCertPath,
    LIGHTHOUSE_TLS_KEY_PATH: tlsKeyPath,
  })
})
afterAll(async () => {
  await server.stop()
  removeTempDirectory(certificates)
})

async function seriesOf(name: string): Promise<readonly string[]> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  return text.split('\n').filter(line => line.startsWith(`lighthouse_${name}{`))
}

const stoodStill = () => server.lines.filter(line => line.includes('of a front thread stood still'))

test('a new certificate is in force in every thread, and no thread tells of the one before', async () => {
  writeCertificate(certificates, LATER_DAYS)
  const soon = Date.now() / 1_000 + ((LATER_DAYS - 1) * 24 * 3_600_000) / 1_000
  await until(async () => {
    const ends = await seriesOf('tls_certificate_expiration_timestamp_seconds')
    return ends.length === FRONTS + 1 && ends.every(line => Number(line.split(' ').at(-1)) > soon)
  })
})

test('a process that was suspended for longer than a loop may stand still goes on with the threads it had', async () => {
  process.kill(server.pid, 'SIGSTOP')
  const resumeAt = performance.now() + (LIMIT_SECONDS + 1.5) * 1_000
  await until(() => performance.now() >= resumeAt)
  process.kill(server.pid, 'SIGCONT')
  await until(async () => (await seriesOf('front_threads')).some(line => line.endsWith(`{answered="yes"} ${FRONTS}`)))
  expect(stoodStill()).toEqual([])
  expect(server.lines.filter(isReplacement)).toEqual([])
})

test('a thread whose loop stands still is replaced', async () => {
  holdFrontThread(server)
  await until(() => stoodStill().length > 0 && server.lines.some(isReplacement))
  await until(async () => (await seriesOf('front_threads')).some(line => line.endsWith(`{answered="yes"} ${FRONTS}`)))
})
