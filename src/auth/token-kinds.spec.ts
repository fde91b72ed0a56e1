// Which tokens and which keys are taken at all: by the kind a token says it is, and by a key that fits what it is to prove.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, test } from '@jest/globals'
import { CompactSign, SignJWT } from 'jose'
import type { AuthOptions } from './auth-options.js'
import { TokenClock } from './token-clock.js'
import { TokenVerifier } from './token-verifier.js'

const secret = 'a secret of this test, long enough'
const bytes = Buffer.from(secret)
const clock = new TokenClock({ wall: Date.now, monotonic: () => performance.now() })
const verifier = (more: Partial<AuthOptions> = {}) =>
  new TokenVerifier({ algorithms: ['HS256'], leewaySeconds: 60, secret, ...more } as AuthOptions, clock)
const verified = async (token: string, more: Partial<AuthOptions> = {}) => verifier(more).verify(token)

const signed = (header: object) =>
  new SignJWT({ sub: 'a', role: 'agent' })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .setExpirationTime('1h')
    .sign(bytes)

describe('a token', () => {
  test.each(['JWT', 'at+jwt', 'application/at+JWT', undefined])('of the kind %s is taken', async typ => {
    expect((await verified(await signed(typ === undefined ? {} : { typ }))).access.agentId).toBe('a')
  })

  test.each(['dpop+jwt', 'secevent+jwt', 7])('of the kind %s is one of another kind', async typ => {
    const token = await signed({ typ: typ as string })
    await expect(verified(token)).rejects.toMatchObject({ message: 'It is a token of another kind' })
  })

  test('whose payload is no object holds no claims', async () => {
    for (const payload of ['"text"', '[1]', 'null']) {
      const token = await new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: 'HS256' }).sign(bytes)
      await expect(verified(token)).rejects.toMatchObject({ name: 'BadToken' })
    }
  })
})

const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' })

describe('a server', () => {
  test('takes no keys for no algorithm, and no secret that is not there', () => {
    expect(() => verifier({ algorithms: [] })).toThrow('No algorithm for tokens is allowed')
    const { secret: _, ...without } = { algorithms: ['HS256'] as const, leewaySeconds: 60, secret }
    expect(() => new TokenVerifier(without as unknown as AuthOptions, clock)).toThrow('at least 32 bytes')
  })

  test.each([
    ['RS256', 'of a curve', curve.publicKey],
    ['RS256', 'too short', weak.publicKey],
    ['ES256', 'of RSA', rsa.publicKey],
    ['ES256', 'of another curve', otherCurve.publicKey],
  ] as const)('does not start for %s with a public key that is %s', (algorithm, _, key) => {
    const options = { algorithms: [algorithm], publicKeyPem: pemOf(key) }
    expect(() => verifier(options)).toThrow(`The public key does not fit ${algorithm}`)
  })

  test.each([
    ['RS256', rsa],
    ['ES256', curve],
  ] as const)(
    'takes a token that the owner of its public key has signed by %s',
    async (alg, { publicKey, privateKey }) => {
      const token = await new SignJWT({ sub: 'a', role: 'agent' })
        .setProtectedHeader({ alg })
        .setExpirationTime('1h')
        .sign(privateKey)
      const options = { algorithms: [alg], publicKeyPem: pemOf(publicKey) }
      expect((await verified(token, options)).access.agentId).toBe('a')
    },
  )
})

describe('a set of keys', () => {
  let body = ''
  const provider = createServer((_, answer) => answer.end(body)).listen(0, '127.0.0.1')
  afterAll(() => {
    provider.close()
  })
  const jwk = (kid: string | undefined) => ({ ...rsa.publicKey.export({ format: 'jwk' }), kid, use: 'sig' })
  const verifiedBySet = async (kid: string | undefined) => {
    const token = await new SignJWT({ sub: 'a', role: 'agent' })
      .setProtectedHeader({ alg: 'RS256', ...(kid === undefined ? {} : { kid }) })
      .setExpirationTime('1h')
      .sign(rsa.privateKey)
    const jwksUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
    return verified(token, { algorithms: ['RS256'], jwksUrl })
  }

  test('is asked by the id of the key, so a token without one has no key in it', async () => {
    body = JSON.stringify({ keys: [jwk('one')] })
    expect((await verifiedBySet('one')).access.agentId).toBe('a')
    await expect(verifiedBySet(undefined)).rejects.toMatchObject({ name: 'BadToken' })
  })

  test('larger than 256 KiB is no set', async () => {
    body = JSON.stringify({ keys: [jwk('one')], filler: 'x'.repeat(300_000) })
    await expect(verifiedBySet('one')).rejects.toBeDefined()
  })
})
