// Forged, expired and odd tokens knock at a small real server; only honest ones come in.
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Controller, Get, Module, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { AuthModule } from './auth.module.js'
import type { AuthOptions } from './auth-options.js'
import { Authentication } from './authentication.js'
import { assertEveryRouteDeclares, publicRoutes } from './route-needs.guard.js'
import { Needs, Public } from './scope.decorator.js'

const secret = 'a secret of the tests, long enough for HS256'
const quota = { requestsPerMinute: 100_000, eventsPerMinute: 1000, bytesPerMinute: 1e6, batch: 10 }
const options: AuthOptions = {
  algorithms: ['HS256'],
  secret,
  issuer: 'tests',
  audience: 'lighthouse',
  leewaySeconds: 60,
  quotas: { guest: quota, agent: quota, expert_agent: quota, system_agent: quota, admin: quota },
}

@Controller('things')
class ThingsController {
  @Get() @Needs('events.read') read() {
    return 'read'
  }
  @Post() @Needs('events.write') write() {
    return 'written'
  }
  @Get('open') @Public() open() {
    return 'open'
  }
}

@Module({ imports: [AuthModule.of(options)], controllers: [ThingsController] })
class Small {}

const now = () => Math.floor(Date.now() / 1000)
const pack = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const good = () => ({ sub: 'builder-1', role: 'agent', iss: 'tests', aud: 'lighthouse', exp: now() + 600 })

function signed(claims: unknown, header: object = {}, key = secret, hash = 'sha256'): string {
  const text = `${pack({ alg: 'HS256', typ: 'JWT', ...header })}.${pack(claims)}`
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`
}

const odd = (changes: object) => signed({ ...good(), ...changes })
const chain = (links: number): object => (links === 1 ? { sub: 'a' } : { sub: 'a', act: chain(links - 1) })
const publicPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })

const forged: [string, () => string][] = [
  ['nothing', () => ''],
  ['one part', () => 'abc'],
  ['two parts', () => 'abc.def'],
  ['four parts', () => `${signed(good())}.x`],
  ['no signature', () => signed(good()).replace(/[^.]*$/, '')],
  ['a cut signature', () => signed(good()).slice(0, -3)],
  ['another secret', () => signed(good(), {}, 'x'.repeat(40))],
  ['an empty secret', () => signed(good(), {}, '')],
  ['the public key as secret', () => signed(good(), {}, String(publicPem))],
  ['HS512', () => signed(good(), { alg: 'HS512' }, secret, 'sha512')],
  ['HS384', () => signed(good(), { alg: 'HS384' }, secret, 'sha384')],
  ...['none', 'None', 'NONE', 'nOnE', '', 'hs256', 'RS256', 'ES256', 'PS256', 'EdDSA'].map(
    (alg): [string, () => string] => [`alg ${alg}`, () => signed(good(), { alg })],
  ),
  ['none without signature', () => `${pack({ alg: 'none' })}.${pack(good())}.`],
  ...['jku', 'x5u', 'x5c', 'jwk', 'crit'].map((name): [string, () => string] => [
    name,
    () => signed(good(), { [name]: ['https://evil.example'] }),
  ]),
  ...[null, 1, ['HS256'], {}].map((alg): [string, () => string] => [
    `alg ${JSON.stringify(alg)}`,
    () => signed(good(), { alg }),
  ]),
  ['a kid that is a number', () => signed(good(), { kid: 7 })],
  ...[[], 'text', 7, null, true].map((claims): [string, () => string] => [
    `claims ${JSON.stringify(claims)}`,
    () => signed(claims),
  ]),
  ...(
    [
      { exp: undefined },
      { exp: now() - 3600 },
      { exp: 0 },
      { exp: -1 },
      { exp: '9999999999' },
      { exp: null },
      { nbf: now() + 3600 },
      { nbf: 'now' },
      { iat: now() + 3600 },
      { iat: {} },
      { iss: 'others' },
      { iss: undefined },
      { aud: 'others' },
      { aud: undefined },
      { aud: [] },
      { sub: undefined },
      { sub: 7 },
      { sub: null },
      { sub: '' },
      { sub: ['a'] },
      { sub: 'a\nb' },
      { sub: 'a\u0000' },
      { sub: 'x'.repeat(200) },
      { sub: '$service' },
      { agent_id: 'another' },
      { agent_id: 7 },
      { role: 'root' },
      { role: 'Admin' },
      { role: 7 },
      { role: null },
      { role: ['admin'] },
      { role: '__proto__' },
      { permissions: null },
      { permissions: [] },
      { permissions: 'all' },
      { permissions: { 'events.read': 'all' } },
      { permissions: { 'events.read': [7] } },
      { permissions: { 'events.fly': ['all'] } },
      { permissions: { 'events.read': Array(1001).fill('a') } },
      { act: 'a' },
      { act: { sub: 7 } },
      { act: {} },
      { act: chain(9) },
      { jti: 7 },
      { pad: 'x'.repeat(9000) },
    ] as object[]
  ).map((changes): [string, () => string] => [JSON.stringify(changes).slice(0, 60), () => odd(changes)]),
]

describe('a small server', () => {
  let app: NestFastifyApplication

  beforeAll(async () => {
    app = await NestFactory.create<NestFastifyApplication>(Small, new FastifyAdapter(), { logger: false })
    assertEveryRouteDeclares(app)
    app.get(Authentication).register(app.getHttpAdapter().getInstance() as never, publicRoutes(app))
    app.useGlobalFilters({
      catch(error: { code?: string; message: string; getStatus?: () => number }, host) {
        const known = { UNAUTHENTICATED: 401, FORBIDDEN: 403, RATE_LIMITED: 429 }[error.code ?? '']
        const status = known ?? error.getStatus?.() ?? 500
        host.switchToHttp().getResponse().status(status).send({ code: error.code, detail: error.message })
      },
    })
    await app.init()
    await app.getHttpAdapter().getInstance().ready()
  })
  afterAll(() => app.close())

  let address = 0
  const ask = (method: 'GET' | 'HEAD' | 'POST', url: string, authorization?: string) =>
    app.inject({
      method,
      url,
      remoteAddress: `10.0.${++address >> 8}.${address & 255}`,
      headers: { ...(authorization !== undefined && { authorization }) },
    })

  test.each(forged)('refuses %s', async (_name, make) => {
    const token = make()
    const answer = await ask('GET', '/things', `Bearer ${token}`)
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="lighthouse", error="invalid_token"/)
    if (token.length > 9) expect(JSON.stringify(answer.headers) + answer.body).not.toContain(token)
  })

  test('there are at least sixty of them', () => expect(forged.length).toBeGreaterThanOrEqual(60))

  test('an honest token comes in and is told what is left', async () => {
    const answer = await ask('GET', '/things', `Bearer ${signed(good())}`)
    expect([answer.statusCode, answer.body]).toEqual([200, 'read'])
    expect(answer.headers['ratelimit']).toMatch(/^"requests";r=\d+;t=\d+$/)
  })

  test('a stranger is challenged, the open route is open', async () => {
    const answer = await ask('POST', '/things')
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="lighthouse"'])
    expect((await ask('GET', '/things/open')).statusCode).toBe(200)
  })

  test.each(['/things', '/things/', '/THINGS', '/%74hings', '//things', '/things?token=x'])(
    '%s lets no stranger in',
    async url => {
      for (const method of ['GET', 'HEAD', 'POST'] as const)
        expect([401, 404]).toContain((await ask(method, url)).statusCode)
    },
  )

  test('a guest may not write, and is told which scope is missing', async () => {
    const answer = await ask('POST', '/things', `Bearer ${odd({ role: undefined })}`)
    expect(answer.statusCode).toBe(403)
    expect(answer.body).toContain('events.write')
  })
})
