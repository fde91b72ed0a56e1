// TLS of the server: which files it takes, and how a new certificate comes into force while connections are open.
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:https'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { describe, expect, test } from '@jest/globals'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { writeCertificate } from '../../test/support/self-signed.js'
import { withTempDirectory } from '../../test/support/temp-directory.js'
import { until } from '../../test/support/until.js'
import { createLogger } from '../logging/logger.js'
import { BadCertificate, Certificate } from './certificate.js'
import { createHttpAdapter } from './http-server.js'

@Module({})
class Nothing {}

async function withServer(folder: string, use: (port: number, logged: string[]) => Promise<void>): Promise<void> {
  const certificate = (await Certificate.of(pathsIn(folder))) as Certificate
  const app = await NestFactory.create<NestFastifyApplication>(Nothing, createHttpAdapter(undefined, certificate), {
    logger: false,
  })
  const logged: string[] = []
  const server = app.getHttpServer() as unknown as Server
  try {
    certificate.follow(server, createLogger('info', { write: line => void logged.push(line) }), 5)
    await app.listen(0, '127.0.0.1')
    await use(Number(new URL(await app.getUrl()).port), logged)
  } finally {
    // What a test that fails has left open would keep it from closing.
    server.closeAllConnections()
    await app.close()
  }
}

const pathsIn = (folder: string) => ({ tlsCertPath: join(folder, 'tls.crt'), tlsKeyPath: join(folder, 'tls.key') })

async function opened(port: number, ca: string) {
  const socket = connect({ port, host: '127.0.0.1', ca })
  await once(socket, 'secureConnect')
  return socket
}

async function isServed(port: number, ca: string): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', ca })
  const served = await once(socket, 'secureConnect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return served
}

test('a new certificate is in force without a restart, and connections that are open stay open', async () => {
  await withTempDirectory(async folder => {
    const first = writeCertificate(folder)
    await withServer(folder, async (port, logged) => {
      const open = await opened(port, first.cert)
      const second = writeCertificate(folder, 3)
      await until(() => isServed(port, second.cert))
      expect(await isServed(port, first.cert)).toBe(false)
      open.write('GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n')
      const [answer] = await once(open, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1.1 404 /)
      open.destroy()
      expect(logged.filter(line => line.includes('a certificate is in force'))).toEqual([
        expect.stringContaining('"level":"info"'),
        expect.stringContaining('ends soon'),
      ])
    })
  })
})

test('files that are no certificate and its key change nothing, are told of once, and are got over', async () => {
  await withTempDirectory(async folder => {
    const first = writeCertificate(folder)
    await withServer(folder, async (port, logged) => {
      const refusals = () => logged.filter(line => line.includes('the new certificate is not good'))
      writeFileSync(first.tlsKeyPath, 'no key')
      await until(() => refusals().length > 0)
      expect(await isServed(port, first.cert)).toBe(true)
      rmSync(first.tlsCertPath)
      await until(() => refusals().length > 1)
      expect(await isServed(port, first.cert)).toBe(true)
      const second = writeCertificate(folder)
      await until(() => isServed(port, second.cert))
      expect(refusals().map(line => JSON.parse(line).level)).toEqual(refusals().map(() => 'error'))
    })
  })
})

test('the end is that of the chain: of what ends first in it', async () => {
  await withTempDirectory(async folder => {
    const authority = writeCertificate(folder, 10)
    const { cert, tlsCertPath } = writeCertificate(folder, 20)
    writeFileSync(tlsCertPath, cert + authority.cert)
    const { endsAt } = (await Certificate.of(pathsIn(folder))) as Certificate
    expect(endsAt).toEqual(new X509Certificate(authority.cert).validToDate)
  })
})

describe('a start is refused', () => {
  const refusal = (folder: string) => expect(Certificate.of(pathsIn(folder))).rejects
  const odd: readonly (readonly [string, (folder: string) => void, string])[] = [
    ['without the certificate', folder => rmSync(join(folder, 'tls.crt')), 'tls.crt cannot be read (ENOENT)'],
    ['without the key', folder => rmSync(join(folder, 'tls.key')), 'tls.key cannot be read (ENOENT)'],
    [
      'with a certificate that is none',
      folder => writeFileSync(join(folder, 'tls.crt'), 'none'),
      'tls.crt holds no certificate in PEM',
    ],
    [
      'with a certificate in the place of the key',
      folder => cpSync(join(folder, 'tls.crt'), join(folder, 'tls.key')),
      'tls.key holds no private key in PEM',
    ],
    [
      'with the key of another certificate',
      folder => {
        const key = readFileSync(join(folder, 'tls.key'))
        writeCertificate(folder)
        writeFileSync(join(folder, 'tls.key'), key)
      },
      'tls.key is not the key of',
    ],
  ]
  test.each(odd)('%s', (_, spoil, why) =>
    withTempDirectory(async folder => {
      writeCertificate(folder)
      spoil(folder)
      await refusal(folder).toThrow(BadCertificate)
      await refusal(folder).toThrow(why)
    }),
  )

  test('but without any it speaks plain HTTP', async () => {
    expect(await Certificate.of({ tlsCertPath: '', tlsKeyPath: '' })).toBeUndefined()
  })
})
