// `lighthouse token`: what it makes is taken by the server it is made for, and what it refuses it explains.

import { authOptionsOf } from '../../src/auth/auth-options.js'
import { TokenVerifier } from '../../src/auth/token-verifier.js'
import { token } from '../../src/cli/token.js'
import { loadSettings } from '../../src/config/load-settings.js'

const secret = 'a secret of this test, long enough'
const settings = loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_JWT_SECRET: secret, LIGHTHOUSE_JWT_ISSUER: 'us' })
const told = (args: string[], of = settings) => token(args, of).catch((error: Error) => error.message)

test('the server takes it, as the agent and role it names', async () => {
  const made = await token(['--agent', 'builder-1', '--role', 'expert_agent', '--expires', '2h'], settings)
  const { access, expiresAt } = await new TokenVerifier(authOptionsOf(settings)).verify(made)
  expect([access.agentId, access.role]).toEqual(['builder-1', 'expert_agent'])
  expect(Math.abs(expiresAt - Date.now() - 7_200_000)).toBeLessThan(60_000)
})

test('permissions take the place of the role’s own', async () => {
  const made = await token(['--agent', 'a', '--permissions', '{"events.read":["own"]}'], settings)
  const { access } = await new TokenVerifier(authOptionsOf(settings)).verify(made)
  expect([access.covers('events.read', 'agent_a'), access.has('events.write')]).toEqual([true, false])
})

test('own is what the setting of the operator says', async () => {
  const loose = loadSettings({
    LIGHTHOUSE_ENV: 'test',
    LIGHTHOUSE_JWT_SECRET: secret,
    LIGHTHOUSE_AUTH_OWN: 'agent_{id},agent_{id}_*',
  })
  for (const [of, expected] of [
    [settings, [true, true, false]],
    [loose, [true, false, true]],
  ] as const) {
    const { access } = await new TokenVerifier(authOptionsOf(of)).verify(await token(['--agent', 'a'], of))
    const streams = ['agent_a', 'agent_a/x', 'agent_a_x']
    expect(streams.map(stream => access.covers('events.write', stream))).toEqual(expected)
  }
})

test('a token of another secret or issuer is not taken', async () => {
  const made = await token(['--agent', 'a'], settings)
  const others = [
    { LIGHTHOUSE_JWT_SECRET: `${secret}!` },
    { LIGHTHOUSE_JWT_SECRET: secret, LIGHTHOUSE_JWT_ISSUER: 'them' },
  ]
  for (const other of others) {
    const verifier = new TokenVerifier(authOptionsOf(loadSettings({ LIGHTHOUSE_ENV: 'test', ...other })))
    await expect(verifier.verify(made)).rejects.toMatchObject({ name: 'BadToken' })
  }
})

test.each([
  [[], '--agent takes'],
  [['--agent', '$service'], '--agent takes'],
  [['--agent', 'a', '--role', 'boss'], '--role takes one of guest'],
  [['--agent', 'a', '--expires', 'soon'], '--expires takes'],
  [['--agent', 'a', '--expires', '9999d'], '--expires takes'],
  [['--agent', 'a', '--permissions', '{'], '--permissions takes JSON'],
  [['--agent', 'a', '--permissions', '{"all":["*"]}'], '--permissions takes JSON'],
  [['--agent', 'a', '--colour', 'red'], 'colour'],
])('%j is explained', async (args, words) => {
  expect(await told(args)).toContain(words)
})

test('where an identity provider signs, it says so', async () => {
  const { publicKey } = await import('node:crypto').then(crypto =>
    crypto.generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }),
  )
  const variables = { LIGHTHOUSE_JWT_ALGORITHMS: 'ES256', LIGHTHOUSE_JWT_PUBLIC_KEY: publicKey }
  const production = loadSettings({ LIGHTHOUSE_ENV: 'production', ...variables })
  expect(await told(['--agent', 'a'], production)).toContain('your identity provider makes them')
})
