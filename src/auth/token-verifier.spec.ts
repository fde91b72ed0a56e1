// Verifying tokens: the cache that honours expiry and revocation, and keys that rotate at a provider over real HTTP.
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { signToken } from './sign-token.js'
import { TokenClock } from './token-clock.js'
import { TokenVerifier } from './token-verifier.js'

const secret = 'a secret of this test, long enough'
const sign = (more: object) => signToken({ ...wish, ...more }, secret)
const wish = { agentId: 'a', role: 'agent' as const, expiresInSeconds: 600 }

function verifier(more: object, start = Date.now()) {
  let wall = start
  let monotonic = 7
  const clock = new TokenClock({ wall: () => wall, monotonic: () => monotonic })
  const made = new TokenVerifier({ algorithms: ['HS256'], leewaySeconds: 60, secret, ...more }, clock)
  /** The wall clock alone. */
  const step = (seconds: number) => {
    wall += seconds * 1000
  }
  const pass = (seconds: number) => {
    step(seconds)
    monotonic += seconds * 1000
  }
  return { verify: async (token: string) => made.verify(token), made, pass, step }
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z`
const EXPIRED = {
  name: 'BadToken',
  message: expect.stringMatching(`^The token has expired at ${TIME}; the server's time is ${TIME}$`),
}
const UNKNOWN = { name: 'BadToken', message: 'The key of the token is not known' }
const HOUR = 3_600

test('a token seen before is taken until its leeway is over, and no longer', async () => {
  const { verify, pass } = verifier({})
  const token = await signToken(wish, secret)
  expect((await verify(token)).access).toBe((await verify(token)).access)
  pass(650)
  await verify(token)
  pass(20)
  await expect(verify(token)).rejects.toMatchObject(EXPIRED)
})

test.each([
  ['the signature', { secret: 'another secret of this test, long enough' }, {}],
  ['the issuer', {}, { issuer: 'elsewhere' }],
  ['the issuer', {}, {}],
  ['the audience', {}, { issuer: 'here', audience: 'another' }],
  ['the audience', {}, { issuer: 'here' }],
])('a token of which %s is not right says which of them it is: %j %j', async (part, more, claims) => {
  const { verify } = verifier({ issuer: 'here', audience: 'us', ...more })
  const message = expect.stringMatching(new RegExp(`^${part} of the token is not `, 'i'))
  await expect(verify(await sign(claims))).rejects.toMatchObject({ name: 'BadToken', message })
})

test('a token of the issuer and for the audience is good, and one of a signature that is wrong tells of nothing else', async () => {
  const { verify } = verifier({ issuer: 'here', audience: 'us' })
  expect((await verify(await sign({ issuer: 'here', audience: 'us' }))).access.agentId).toBe('a')
  const forged = `${(await sign({ issuer: 'elsewhere' })).split('.').slice(0, 2).join('.')}.AAAA`
  await expect(verify(forged)).rejects.toMatchObject({ message: expect.stringMatching(/^The signature /) })
})

test.each([
  ['seen before', true],
  ['never seen', false],
])('an expired token stays dead when the wall clock goes back: %s', async (_, seen) => {
  const { verify, pass, step } = verifier({})
  const token = await signToken(wish, secret)
  if (seen) await verify(token)
  pass(700)
  for (const back of [-2 * HOUR, -3_650 * 24 * HOUR]) {
    step(back)
    await expect(verify(token)).rejects.toMatchObject(EXPIRED)
  }
})

test('a token is good for as long as time goes by, and no longer, when the wall clock goes back', async () => {
  const { verify, pass, step } = verifier({})
  const token = await signToken(wish, secret)
  step(-2 * HOUR)
  pass(640)
  await verify(token)
  pass(30)
  await expect(verify(token)).rejects.toMatchObject(EXPIRED)
})

test('a wall clock that is ahead for a while makes tokens expired for that while', async () => {
  const { verify, pass, step } = verifier({})
  const [token, lasting] = await Promise.all([sign({}), sign({ expiresInSeconds: 48 * HOUR })])
  await verify(token)
  step(25 * HOUR)
  await expect(verify(token)).rejects.toMatchObject(EXPIRED)
  await verify(lasting)
  step(-25 * HOUR)
  pass(300)
  await verify(token)
  await verify(lasting)
  pass(400)
  await expect(verify(token)).rejects.toMatchObject(EXPIRED)
})

test('after a restart time goes on from the last event, though the wall clock has gone back', async () => {
  const { verify, made, pass, step } = verifier({})
  const [token, lasting] = await Promise.all([sign({}), sign({ expiresInSeconds: 3 * HOUR })])
  const lastEvent = Date.now() + 2 * HOUR * 1000
  expect(made.clock.notBefore(lastEvent)).toBeGreaterThan(1.9 * HOUR * 1000)
  await expect(verify(token)).rejects.toMatchObject(EXPIRED)
  await verify(lasting)
  step(-24 * HOUR)
  pass(HOUR + 120)
  await expect(verify(lasting)).rejects.toMatchObject(EXPIRED)
})

test('a last event in the past moves nothing', async () => {
  const { verify, made } = verifier({})
  expect(made.clock.notBefore(Date.now() - 30 * 24 * HOUR * 1000)).toBeLessThan(0)
  await verify(await signToken(wish, secret))
})

test('a revoked agent is out at once, though its token was seen before', async () => {
  const { verify, made } = verifier({})
  const token = await signToken(wish, secret)
  await verify(token)
  made.revocations.add({ kind: 'agent', id: 'a' })
  await expect(verify(token)).rejects.toMatchObject({ message: 'The token has been revoked' })
})

test('a server does not start with a key that proves nothing', () => {
  expect(() => verifier({ secret: 'short' })).toThrow('at least 32 bytes')
  expect(() => verifier({ algorithms: ['RS256'], secret: undefined })).toThrow('needs a public key')
})

interface Provider {
  readonly url: string
  keys: JWK[]
  asked: number
  down: boolean
  /** Answered in place of the keys. */
  body?: string
}

async function withProvider(work: (provider: Provider) => Promise<void>): Promise<void> {
  const server = createServer((_, answer) => {
    provider.asked++
    answer.statusCode = provider.down ? 503 : 200
    answer.end(provider.body ?? JSON.stringify({ keys: provider.keys }))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: Provider = { url, keys: [], asked: 0, down: false }
  await work(provider).finally(() => server.close())
}

async function signer(kid: string, alg: 'RS256' | 'ES256') {
  const { publicKey, privateKey } = await generateKeyPair(alg)
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig' }
  let signed = 0
  const token = () =>
    new SignJWT({ sub: 'a', role: 'agent', jti: `${kid}-${signed++}` })
      .setProtectedHeader({ alg, kid })
      .setExpirationTime('1h')
      .sign(privateKey)
  return { jwk, token }
}

test('keys rotate: a new one is fetched when its id is first seen, and nobody asks more often than every 30 s', () =>
  withProvider(async provider => {
    const [old, fresh, invented] = await Promise.all([signer('1', 'RS256'), signer('2', 'ES256'), signer('3', 'ES256')])
    provider.keys = [{ kty: 'EC', kid: 'broken', crv: 'P-256', x: '?', y: '?' }, old.jwk]
    const { verify, pass } = verifier({ algorithms: ['RS256', 'ES256'], secret: undefined, jwksUrl: provider.url })
    expect((await verify(await old.token())).access.agentId).toBe('a')
    provider.keys = [old.jwk, fresh.jwk]
    pass(31)
    await verify(await fresh.token())
    expect(provider.asked).toBe(2)
    for (let i = 0; i < 5; i++) await expect(verify(await invented.token())).rejects.toMatchObject({ name: 'BadToken' })
    expect(provider.asked).toBe(2)
    provider.down = true
    pass(31)
    await expect(verify(await invented.token())).rejects.toMatchObject({ name: 'BadToken' })
    expect(provider.asked).toBe(3)
    await verify(await fresh.token())
  }))

test('a withdrawn key stops working in its time, whatever the wall clock does meanwhile', () =>
  withProvider(async provider => {
    const [old, fresh] = await Promise.all([signer('1', 'RS256'), signer('2', 'RS256')])
    provider.keys = [old.jwk]
    const { verify, pass, step } = verifier({ algorithms: ['RS256'], secret: undefined, jwksUrl: provider.url })
    const token = await old.token()
    step(0.5 * HOUR)
    await verify(token)
    step(-24 * HOUR)
    provider.keys = [fresh.jwk]
    pass(301)
    await verify(await fresh.token())
    await expect(verify(token)).rejects.toMatchObject({ message: 'The key of the token is not known' })
  }))

test('a withdrawn key is not taken once its set is old, though nobody has asked for a key since', () =>
  withProvider(async provider => {
    const [old, fresh] = await Promise.all([signer('1', 'RS256'), signer('2', 'RS256')])
    provider.keys = [old.jwk]
    const { verify, pass } = verifier({ algorithms: ['RS256'], secret: undefined, jwksUrl: provider.url })
    await verify(await old.token())
    provider.keys = [fresh.jwk]
    pass(HOUR / 2)
    await expect(verify(await old.token())).rejects.toMatchObject(UNKNOWN)
    expect(provider.asked).toBe(2)
  }))

test('a token that is remembered does not outlive the set of keys it was checked with', () =>
  withProvider(async provider => {
    const [old, fresh] = await Promise.all([signer('1', 'RS256'), signer('2', 'RS256')])
    provider.keys = [old.jwk]
    const { verify, pass } = verifier({ algorithms: ['RS256'], secret: undefined, jwksUrl: provider.url })
    await verify(await old.token())
    pass(200)
    const token = await old.token()
    await verify(token)
    provider.keys = [fresh.jwk]
    pass(101)
    await expect(verify(token)).rejects.toMatchObject(UNKNOWN)
  }))

test('a set that will soon be too old is asked for while remembered tokens still work', () =>
  withProvider(async provider => {
    const old = await signer('1', 'RS256')
    provider.keys = [old.jwk]
    const { verify, pass } = verifier({ algorithms: ['RS256'], secret: undefined, jwksUrl: provider.url })
    const token = await old.token()
    await verify(await old.token())
    await verify(token)
    pass(241)
    await Promise.all([verify(token), verify(token)])
    while (provider.asked < 2) await new Promise(setImmediate)
  }))

test.each<[string, string, boolean]>([
  ['an empty list', '{"keys":[]}', true],
  ['keys for something else alone', '{"keys":[{"kty":"OKP","kid":"k","crv":"Ed25519","x":"?"},null]}', true],
  ['an error in JSON', '{"error":"try later"}', false],
  ['keys that are no list', '{"keys":{}}', false],
  ['null', 'null', false],
  ['the page of a proxy', '<html>one moment</html>', false],
])('a key set without a usable key withdraws all, and what is none withdraws nothing: %s', (_, body, withdraws) =>
  withProvider(async provider => {
    const old = await signer('old', 'RS256')
    provider.keys = [old.jwk]
    const { verify, pass } = verifier({ algorithms: ['RS256'], secret: undefined, jwksUrl: provider.url })
    await verify(await old.token())
    provider.body = body
    pass(301)
    const again = verify(await old.token())
    if (withdraws) await expect(again).rejects.toMatchObject(UNKNOWN)
    else await again
    expect(provider.asked).toBe(2)
  }),
)

test('the last good keys stay while the provider is down, and are held to it again within five minutes', () =>
  withProvider(async provider => {
    const [old, fresh] = await Promise.all([signer('1', 'RS256'), signer('2', 'RS256')])
    provider.keys = [old.jwk]
    const { verify, pass } = verifier({ algorithms: ['RS256'], secret: undefined, jwksUrl: provider.url })
    const token = await old.token()
    await verify(token)
    provider.down = true
    provider.keys = [fresh.jwk]
    for (let i = 0; i < 3; i++) {
      pass(301)
      await Promise.all([verify(token), verify(await old.token())])
      expect(provider.asked).toBe(2 + i)
    }
    provider.down = false
    pass(301)
    await expect(verify(token)).rejects.toMatchObject(UNKNOWN)
    await verify(await fresh.token())
  }))

test.each(['RS512', 'PS256', 'ES256', 'HS256', '', 256])('a key that is declared for %j signs no RS256', alg =>
  withProvider(async provider => {
    const [declared, other] = await Promise.all([signer('1', 'RS256'), signer('2', 'RS256')])
    provider.keys = [
      { ...declared.jwk, alg: alg as string },
      { ...other.jwk, alg: 'RS256' },
    ]
    const { verify } = verifier({ algorithms: ['RS256'], secret: undefined, jwksUrl: provider.url })
    await verify(await other.token())
    await expect(verify(await declared.token())).rejects.toMatchObject(UNKNOWN)
  }),
)

const KEPT_FOR_SOMETHING_ELSE: readonly object[] = [
  { use: 'enc' },
  { use: 'something else' },
  { use: undefined, key_ops: ['encrypt'] },
  { use: undefined, key_ops: [] },
  { key_ops: ['wrapKey'] },
]

test.each(KEPT_FOR_SOMETHING_ELSE)('a key that a provider keeps for something else signs nothing: %j', kept =>
  withProvider(async provider => {
    const [other, key] = await Promise.all([signer('1', 'RS256'), signer('2', 'RS256')])
    provider.keys = [{ ...other.jwk, ...kept } as JWK, { ...key.jwk, key_ops: ['verify'] }]
    const { verify } = verifier({ algorithms: ['RS256'], secret: undefined, jwksUrl: provider.url })
    await verify(await key.token())
    await expect(verify(await other.token())).rejects.toMatchObject(UNKNOWN)
  }),
)

test('a token has one spelling: bits that are part of no byte are not let pass, wherever they stand', async () => {
  const { verify } = verifier({})
  const token = await sign({})
  await verify(token)
  const [header = ''] = token.split('.')
  // 32 bytes leave two such bits in the last sign, which is one of every four.
  const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const inSignature = token.slice(0, -1) + signs[signs.indexOf(token.at(-1) as string) + 1]
  const inPayload = `${header}.AB`
  const mac = createHmac('sha256', secret).update(inPayload).digest('base64url')
  for (const respelled of [inSignature, `${inPayload}.${mac}`])
    await expect(verify(respelled)).rejects.toMatchObject({ message: 'It is no JWT' })
})

test('a key may only be used with its own algorithm', () =>
  withProvider(async provider => {
    const { jwk } = await signer('1', 'RS256')
    provider.keys = [jwk]
    const { verify } = verifier({ algorithms: ['HS256', 'RS256'], jwksUrl: provider.url })
    const confused = await new SignJWT({ sub: 'a' })
      .setProtectedHeader({ alg: 'HS256', kid: '1' })
      .setExpirationTime('1h')
      .sign(Buffer.from(jwk.n ?? ''))
    await expect(verify(confused)).rejects.toMatchObject({ name: 'BadToken' })
  }))
