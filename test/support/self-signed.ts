// Certificates of this machine for a test, each signed by itself, as files in PEM.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DAY_MS = 24 * 3_600_000
const SEQUENCE = 0x30
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const UTF8_STRING = 0x0c
const UTC_TIME = 0x17
const SET = 0x31
const IDS = {
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
  commonName: Buffer.from('0603550403', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(length < 0x80 ? [tag, length] : [tag, ...long]), content])
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return der(UTC_TIME, Buffer.from(text.slice(2)))
}

export interface CertificatePaths {
  readonly tlsCertPath: string
  readonly tlsKeyPath: string
  /** In PEM, for those who are to trust it. */
  readonly cert: string
}

/** Writes `tls.crt` and `tls.key`, over those that are there; good for `localhost` and 127.0.0.1. */
export function writeCertificate(folder: string, days = 30): CertificatePaths {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(SEQUENCE, IDS.ecdsaWithSha256)
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, IDS.commonName, der(UTF8_STRING, Buffer.from('localhost')))))
  const alternatives = der(SEQUENCE, der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  const extensions = der(SEQUENCE, der(SEQUENCE, IDS.subjectAltName, der(OCTET_STRING, alternatives)))
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)])
  const told = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    algorithm,
    name,
    der(SEQUENCE, time(Date.now() - DAY_MS), time(Date.now() + days * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', told, privateKey))
  const base64 = der(SEQUENCE, told, algorithm, signature).toString('base64')
  const cert = `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
  const paths = { tlsCertPath: join(folder, 'tls.crt'), tlsKeyPath: join(folder, 'tls.key'), cert }
  writeFileSync(paths.tlsCertPath, cert)
  writeFileSync(paths.tlsKeyPath, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return paths
}
