// `lighthouse token`: what it makes is taken by the server it is made for, and what it refuses it explains.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { authOptionsOf } from '../../src/auth/auth-options.js'
import { keepDevelopmentSecret } from '../../src/auth/development-secret.js'
import { TokenVerifier } from '../../src/auth/token-verifier.js'
import { token } from '../../src/cli/token.js'
import { NoSecret } from '../../src/cli/usage-error.js'
import { loadSettings } from '../../src/config/load-settings.js'
import { withTempDirectory } from '../support/temp-directory.js'

const secret = 'a secret of this test, long enough'
const variables = { LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_JWT_SECRET: secret, LIGHTHOUSE_JWT_ISSUER: 'us' }
const settings = loadSettings(variables)
const make = (args: string[], of: NodeJS.Dict<string> = variables) => token(args, of, () => undefined)
const told = (args: string[], of = variables) => make(args, of).catch((error: Error) => error.message)

test('the server takes it, as the agent and role it names', async () => {
  const made = await make(['--agent', 'builder-1', '--role', 'expert_agent', '--expires', '2h'])
  const { access, expiresAt } = await new TokenVerifier(authOptionsOf(settings)).verify(made)
  expect([access.agentId, access.role]).toEqual(['builder-1', 'expert_agent'])
  expect(Math.abs(expiresAt - Date.now() - 7_200_000)).toBeLessThan(60_000)
})

test('permissions take the place of the role’s own', async () => {
  const made = await make(['--agent', 'a', '--permissions', '{"events.read":["own"]}'])
  const { access } = await new TokenVerifier(authOptionsOf(settings)).verify(made)
  expect([access.covers('events.read', 'agent_a'), access.has('events.write')]).toEqual([true, false])
})

test('own is what the setting of the operator says', async () => {
  const loose = {
    LIGHTHOUSE_ENV: 'test',
    LIGHTHOUSE_JWT_SECRET: secret,
    LIGHTHOUSE_AUTH_OWN: 'agent_{id},agent_{id}_*',
  }
  for (const [of, expected] of [
    [variables, [true, true, false]],
    [loose, [true, false, true]],
  ] as const) {
    const { access } = await new TokenVerifier(authOptionsOf(loadSettings(of))).verify(await make(['--agent', 'a'], of))
    const streams = ['agent_a', 'agent_a/x', 'agent_a_x']
    expect(streams.map(stream => access.covers('events.write', stream))).toEqual(expected)
  }
})

test('a token of another secret or issuer is not taken', async () => {
  const made = await make(['--agent', 'a'])
  const others = [
    { LIGHTHOUSE_JWT_SECRET: `${secret}!` },
    { LIGHTHOUSE_JWT_SECRET: secret, LIGHTHOUSE_JWT_ISSUER: 'them' },
  ]
  for (const other of others) {
    const verifier = new TokenVerifier(authOptionsOf(loadSettings({ LIGHTHOUSE_ENV: 'test', ...other })))
    await expect(verifier.verify(made)).rejects.toMatchObject({ name: 'BadToken' })
  }
})

describe('the secret of a development server', () => {
  const development = (more: NodeJS.Dict<string> = {}) => ({ LIGHTHOUSE_ENV: 'development', ...more })
  const attempt = async (args: string[], of: NodeJS.Dict<string>) => {
    const said: string[] = []
    const made = await token(['--agent', 'a', ...args], of, text => said.push(text)).catch((error: Error) => error)
    return { made, said: said.join('\n') }
  }

  test.each(['--data', 'LIGHTHOUSE_DATA_DIR'])('is found by %s, and said', async how => {
    await withTempDirectory(async directory => {
      keepDevelopmentSecret(directory, secret)
      const args = how === '--data' ? ['--data', directory] : []
      const { made, said } = await attempt(args, development(args.length > 0 ? {} : { [how]: directory }))
      const verifier = new TokenVerifier(authOptionsOf(loadSettings(development({ LIGHTHOUSE_DATA_DIR: directory }))))
      const { expiresAt } = await verifier.verify(String(made))
      expect(Math.abs(expiresAt - Date.now() - 12 * 3_600_000)).toBeLessThan(60_000)
      const until = new Date(expiresAt).toISOString().slice(0, 10)
      expect(said).toContain(
        `signed with ${join(directory, '.lighthouse-development-secret')}; good for 12h, until ${until}`,
      )
    })
  })

  test('is never made here: where there is none it says where it looked, and what next', async () => {
    await withTempDirectory(async place => {
      const directory = join(place, 'data')
      const { made, said } = await attempt(['--data', directory], development())
      expect(made).toBeInstanceOf(NoSecret)
      expect([String(made), said]).toEqual([expect.stringContaining(join(directory, '.lighthouse')), ''])
      expect(String(made)).toMatch(/Next: start the server first/)
      expect(readdirSync(place)).toEqual([])
    })
  })
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
  const elsewhere = { LIGHTHOUSE_JWT_ALGORITHMS: 'ES256', LIGHTHOUSE_JWT_PUBLIC_KEY: publicKey }
  expect(await told(['--agent', 'a'], { ...variables, ...elsewhere, LIGHTHOUSE_ENV: 'production' })).toContain(
    'your identity provider makes them',
  )
})
