// The built server with a certificate: appends, a socket and the command line over TLS, an end in order, and starts that are refused.
import { spawn, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { resolve } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import WebSocket from 'ws'
import { RunningServer, TEST_SECRET, tokenOf } from '../support/running-server.js'
import { type CertificatePaths, writeCertificate } from '../support/self-signed.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

const folder = makeTempDirectory()
let certificate: CertificatePaths
let server: RunningServer
let token: string

beforeAll(async () => {
  certificate = writeCertificate(folder)
  server = await RunningServer.start(settingsOf(certificate))
  token = await tokenOf({ sub: 'careful', role: 'admin' })
})

afterAll(async () => {
  await server.stop()
  removeTempDirectory(folder)
})

const settingsOf = ({ tlsCertPath, tlsKeyPath }: CertificatePaths) => ({
  LIGHTHOUSE_TLS_CERT_PATH: tlsCertPath,
  LIGHTHOUSE_TLS_KEY_PATH: tlsKeyPath,
})

const portOf = () => Number(new URL(server.url).port)

async function asked(method: string, path: string, body?: object): Promise<{ status: number; body: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const asking = request(server.url + path, { method, headers, ca: certificate.cert })
  asking.end(body === undefined ? undefined : JSON.stringify(body))
  const [answer] = await once(asking, 'response')
  const parts: Buffer[] = []
  for await (const part of answer) parts.push(part)
  return { status: answer.statusCode, body: Buffer.concat(parts).toString() }
}

test('an event is appended and read over TLS, and comes over a socket too', async () => {
  expect(server.url).toMatch(/^https:/)
  const socket = new WebSocket(`${server.url.replace('https', 'wss')}/v1/stream`, {
    ca: certificate.cert,
    headers: { authorization: `Bearer ${token}` },
  })
  const came: string[] = []
  const event = new Promise<void>(resolve =>
    socket.on('message', text => {
      came.push(String(text))
      if (String(text).includes('"type":"welcome"'))
        socket.send(JSON.stringify({ type: 'subscribe', id: 's', after: 'start', filter: { streams: ['over-tls'] } }))
      if (String(text).includes('"type":"event"')) resolve()
    }),
  )
  const { status } = await asked('POST', '/v1/events', { type: 'Sealed', stream: 'over-tls', data: {} })
  expect(status).toBe(201)
  await event
  expect(came.join()).toContain('"Sealed"')
  socket.terminate()
  expect((await asked('GET', '/v1/events?stream=over-tls')).body).toContain('"Sealed"')
})

test('the metrics say when the certificate ends', async () => {
  const { body } = await asked('GET', '/metrics')
  const [, told] = /^lighthouse_tls_certificate_expiration_timestamp_seconds (\S+)$/m.exec(body) ?? []
  expect(Number(told) * 1_000).toBe(new X509Certificate(certificate.cert).validToDate.getTime())
})

test('a request in the clear gets no answer', async () => {
  const socket = connectPlain(portOf(), '127.0.0.1')
  let said = ''
  socket.on('data', bytes => (said += bytes)).on('error', () => undefined)
  socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'close')
  expect(said).not.toContain('HTTP/')
})

test('a version of TLS that is broken is not spoken', async () => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  const socket = connect({ port: portOf(), host: '127.0.0.1', ca: certificate.cert, ...old })
  await expect(once(socket, 'secureConnect')).rejects.toThrow()
})

test('the command line asks it, given what to trust', async () => {
  const child = spawn(process.execPath, [resolve('dist/cli/main.js'), 'check'], {
    env: {
      ...process.env,
      NODE_EXTRA_CA_CERTS: certificate.tlsCertPath,
      LIGHTHOUSE_URL: server.url,
      LIGHTHOUSE_TOKEN: token,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', text => (said += text))
  expect(await once(child, 'close')).toEqual([0, null])
  expect(said).toContain('OK')
})

test('a start with files that are none is refused, and says which', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('dist/main.js')], {
    encoding: 'utf8',
    env: {
      ...process.env,
      ...settingsOf(certificate),
      LIGHTHOUSE_TLS_KEY_PATH: `${folder}/gone.key`,
      LIGHTHOUSE_ENV: 'test',
      LIGHTHOUSE_PORT: '0',
      LIGHTHOUSE_DATA_DIR: folder,
      LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
      LIGHTHOUSE_LOG_FORMAT: 'text',
    },
  })
  expect({ status, said: `${stdout}${stderr}` }).toEqual({
    status: 3,
    said: expect.stringContaining(`${folder}/gone.key cannot be read (ENOENT)`),
  })
})

// The last of all: there is no server behind it.
test('a stop ends at once what is open and idle, before or behind the handshake', async () => {
  const port = portOf()
  const silent = connectPlain(port, '127.0.0.1')
  await once(silent, 'connect')
  const secure = connect({ port, host: '127.0.0.1', ca: certificate.cert })
  await once(secure, 'secureConnect')
  const stopped = performance.now()
  for (const socket of [silent, secure]) socket.on('error', () => undefined).resume()
  await Promise.all([server.end(), once(silent, 'close'), once(secure, 'close')])
  // Beyond it lies the deadline of the drain, when everything is cut.
  expect(performance.now() - stopped).toBeLessThan(9_000)
})
