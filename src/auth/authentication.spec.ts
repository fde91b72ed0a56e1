// Forged, expired and odd tokens knock at a small real server; only honest ones come in.
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Controller, Get, Module, Post, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { configOf } from '../../test/support/config-module.js'
import { loadSettings } from '../config/load-settings.js'
import type { Settings } from '../config/settings.js'
import { AuthModule } from './auth.module.js'
import { Authentication } from './authentication.js'
import { CallerAccess } from './caller.decorator.js'
import { assertEveryRouteDeclares, openRoutes } from './route-needs.guard.js'
import { Needs, Public } from './scope.decorator.js'

const secret = 'a secret of the tests, long enough for HS256'
const quota = { requestsPerMinute: 100_000, eventsPerMinute: 1000, bytesPerMinute: 1e6, batch: 10 }
const settings: Settings = {
  ...loadSettings({
    LIGHTHOUSE_ENV: 'test',
    LIGHTHOUSE_JWT_SECRET: secret,
    LIGHTHOUSE_JWT_ISSUER: 'tests',
    LIGHTHOUSE_JWT_AUDIENCE: 'lighthouse',
  }),
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

@Module({ imports: [configOf(settings), AuthModule], controllers: [ThingsController] })
class Small {}

@Controller('silent')
class SilentController {
  @Get() read() {
    return 'read'
  }
  @Get('open') @Public() open(@CallerAccess() access: object) {
    return access
  }
}

@Module({ imports: [configOf(settings), AuthModule], controllers: [SilentController] })
class Silent {}

/** Over real HTTP, with the codes of refusals as their statuses. */
async function started(module: Type): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger: false })
  app.get(Authentication).register(app.getHttpAdapter().getInstance() as never, openRoutes(app))
  app.useGlobalFilters({
    catch(error: { code?: string; message: string; getStatus?: () => number }, host) {
      const known = { UNAUTHENTICATED: 401, FORBIDDEN: 403, RATE_LIMITED: 429 }[error.code ?? '']
      const status = known ?? error.getStatus?.() ?? 500
      host.switchToHttp().getResponse().status(status).send({ code: error.code, detail: error.message })
    },
  })
  await app.init()
  return app
}

const ELEVEN_YEARS = 11 * 365.25 * 86_400
const now = () => Math.floor(Date.now() / 1000)
const pack = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const good = () => ({ sub: 'builder-1', role: 'agent', iss: 'tests', aud: 'lighthouse', exp: now() + 600 })

function signed(claims: unknown, header: object = {}, key = secret, hash = 'sha256'): string {
  return signedText(JSON.stringify(claims), header, key, hash)
}

function signedText(claims: string, header: object = {}, key = secret, hash = 'sha256'): string {
  const text = `${pack({ alg: 'HS256', typ: 'JWT', ...header })}.${Buffer.from(claims).toString('base64url')}`
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
      { exp: true },
      { exp: [now() + 600] },
      { exp: Number.MAX_SAFE_INTEGER },
      { exp: 9e12 },
      { exp: 1e308 },
      { exp: -1e308 },
      { exp: now() + ELEVEN_YEARS },
      { exp: (now() + 600) * 1000 },
      { nbf: now() + 3600 },
      { nbf: 'now' },
      { nbf: null },
      { nbf: 1e308 },
      { nbf: -1e308 },
      { nbf: now() - ELEVEN_YEARS },
      { iat: -1e308 },
      { iat: Number.MIN_SAFE_INTEGER },
      { iat: true },
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
      { sub: '\u20ac'.repeat(129) },
      { sub: '\u{1f600}'.repeat(129) },
      { sub: '\ud800' },
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
      { act: null },
      { act: { sub: 'a\nb' } },
      { act: { sub: '$service' } },
      { act: { sub: '\u20ac'.repeat(129) } },
      { act: { sub: 'a', act: 'b' } },
      { jti: 7 },
      { jti: null },
      { jti: '' },
      { jti: '\u20ac'.repeat(129) },
      { jti: '\udc00' },
      { pad: 'x'.repeat(9000) },
    ] as object[]
  ).map((changes): [string, () => string] => [JSON.stringify(changes).slice(0, 60), () => odd(changes)]),
  // JSON has numbers that no double holds.
  ...['exp', 'nbf', 'iat'].flatMap(name =>
    ['1e999', '-1e999'].map((figure): [string, () => string] => [
      `${name} ${figure}`,
      () => signedText(JSON.stringify({ ...good(), [name]: 0 }).replace(`"${name}":0`, `"${name}":${figure}`)),
    ]),
  ),
]

describe('a small server', () => {
  let app: NestFastifyApplication

  beforeAll(async () => {
    app = await started(Small)
    assertEveryRouteDeclares(app)
    await app.listen(0, '127.0.0.1')
  })
  afterAll(() => app.close())

  /** Every header line as it is, which no client would send; answers all that comes back. */
  async function askRaw(url: string, authorization: readonly string[]): Promise<string> {
    const socket = connect(Number(new URL(await app.getUrl()).port), '127.0.0.1').setEncoding('utf8')
    const lines = authorization.map((value, at) => `${at === 0 ? 'Authorization' : 'AUTHORIZATION'}: ${value}\r\n`)
    socket.write(`GET ${url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines.join('')}\r\n`)
    let answer = ''
    for await (const text of socket) answer += text
    return answer
  }

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

  test.each([
    { exp: now() + 9 * 365 * 86_400 },
    { exp: now() + 600.5, nbf: now() - 0.5, iat: now() - 5 * 365 * 86_400 },
    { sub: '\u{1f600}'.repeat(128) },
    { jti: '\u20ac'.repeat(128) },
  ])('%j is honest', async changes => {
    expect((await ask('GET', '/things', `Bearer ${odd(changes)}`)).statusCode).toBe(200)
  })

  test('who says twice who they are is not believed either time', async () => {
    const token = `Bearer ${signed(good())}`
    for (const second of [token, `Bearer ${odd({ sub: 'another' })}`, 'Basic YTpi', '']) {
      for (const authorization of [
        [token, second],
        [second, token],
      ]) {
        const answer = await askRaw('/things', authorization)
        expect(answer).toMatch(/^HTTP\/1\.1 401 /)
        expect(answer).toContain('more than one Authorization header')
      }
    }
    expect(await askRaw('/things', [token])).toMatch(/^HTTP\/1\.1 200 /)
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

test('a route that declares nothing is named at the start, and gives nobody anything', async () => {
  const app = await started(Silent)
  try {
    expect(() => assertEveryRouteDeclares(app)).toThrow('SilentController.read')
    const authorization = `Bearer ${signed(good())}`
    const ask = async (url: string) => (await app.inject({ method: 'GET', url, headers: { authorization } })).json()
    expect(await ask('/silent')).toEqual({ code: 'FORBIDDEN', detail: 'The route declares no scope' })
    expect(await ask('/silent/open')).toMatchObject({ code: 'INTERNAL' })
  } finally {
    await app.close()
  }
})
