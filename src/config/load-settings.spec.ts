// Loading settings: files by environment, variables over files, secrets from files, and one message for all mistakes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSettings, unknownVariables } from './load-settings.js'

let folder: string

/** What these tests do not turn: as the repository's own file has it. */
const rest = readFileSync('config/default.yaml', 'utf8').replaceAll(/^(host|port|dataDir|nodeId|logLevel):.*\n/gm, '')
const secret = 's'.repeat(32)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
  write('default.yaml', `host: 127.0.0.1\nport: 1\ndataDir: ./data\nnodeId: a\nlogLevel: info\n${rest}`)
  for (const env of ['development', 'production', 'test']) write(`${env}.yaml`, '# Nothing differs.\n')
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

test("the repository's own files are good in every environment", () => {
  expect(loadSettings({})).toMatchObject({
    env: 'development',
    host: '127.0.0.1',
    port: 8765,
    dataDir: './data',
    nodeId: 'node-1',
    logLevel: 'debug',
  })
  const LIGHTHOUSE_JWT_SECRET = secret
  expect(loadSettings({ LIGHTHOUSE_ENV: 'production', LIGHTHOUSE_JWT_SECRET })).toMatchObject({ host: '0.0.0.0' })
  expect(loadSettings({ LIGHTHOUSE_ENV: 'test' })).toMatchObject({ env: 'test', port: 0 })
})

test('the file of the environment overlays the default, and variables overlay both', () => {
  write('production.yaml', 'port: 2\nnodeId: b\n')
  const variables = { LIGHTHOUSE_ENV: 'production', LIGHTHOUSE_PORT: '3', LIGHTHOUSE_JWT_SECRET: secret }
  const settings = loadSettings(variables, folder)
  expect(settings).toMatchObject({ env: 'production', port: 3, nodeId: 'b', host: '127.0.0.1' })
  expect(Object.isFrozen(settings)).toBe(true)
})

test('a value may stand in a file of its own, without its last line break', () => {
  expect(loadSettings({ LIGHTHOUSE_NODE_ID_FILE: write('id', 'from-file\n') }, folder).nodeId).toBe('from-file')
})

test('one message names every mistake, wherever it was made', () => {
  write('default.yaml', 'host: 127.0.0.1\nport: many\nlogLevel: info\ncolour: blue\n')
  const load = () =>
    loadSettings(
      {
        LIGHTHOUSE_ENV: 'staging',
        LIGHTHOUSE_HOST: 'a',
        LIGHTHOUSE_HOST_FILE: 'b',
        LIGHTHOUSE_NODE_ID_FILE: join(folder, 'none'),
      },
      folder,
    )
  const mistakes = [
    'LIGHTHOUSE_HOST: is set twice',
    'LIGHTHOUSE_NODE_ID_FILE: the file cannot be read (ENOENT)',
    'config/default.yaml: there is no setting colour',
    'LIGHTHOUSE_ENV: "staging" must be one of',
    'port in config/default.yaml: "many" must be a whole number',
    'LIGHTHOUSE_DATA_DIR: is not set',
  ]
  for (const mistake of mistakes) expect(load).toThrow(mistake)
})

test.each(['- a\n', 'a: [1\n', '42\n'])('a file that holds no settings is named: %j', content => {
  write('default.yaml', content)
  expect(() => loadSettings({}, folder)).toThrow('config/default.yaml: the file cannot be used')
})

test('an environment without its file is named once', () => {
  rmSync(join(folder, 'test.yaml'))
  expect(() => loadSettings({ LIGHTHOUSE_ENV: 'test' }, folder)).toThrow(
    'config/test.yaml: the file cannot be used (ENOENT)',
  )
})

test('variables that set nothing are found', () => {
  const variables = { LIGHTHOUSE_PROT: '1', LIGHTHOUSE_PORT: '1', LIGHTHOUSE_PORT_FILE: 'a', PATH: 'b' }
  expect(unknownVariables(variables)).toEqual(['LIGHTHOUSE_PROT'])
})

test.each(['LIGHTHOUSE_JWT_SECRET', 'LIGHTHOUSE_JWT_JWKS_URL'])('production starts with %s', variable => {
  const value = variable.endsWith('URL') ? 'https://id.example/keys' : secret
  expect(loadSettings({ LIGHTHOUSE_ENV: 'production', [variable]: value }).env).toBe('production')
})

test.each([undefined, ''])('production does not start without anything to know tokens by (%j)', value => {
  const variables = { LIGHTHOUSE_ENV: 'production', LIGHTHOUSE_JWT_SECRET: value }
  expect(() => loadSettings(variables)).toThrow('LIGHTHOUSE_JWT_SECRET: production needs a secret')
})

test('limits of work overlay their defaults, and must fit each other', () => {
  const { workLimits } = loadSettings({ LIGHTHOUSE_WORK_LIMITS: '{"waits":7}' })
  expect([workLimits.waits, workLimits.connections]).toEqual([7, 100])
  for (const wrong of ['{', '[]', '{"wait":7}', '{"waits":0}', '{"wideSubscriptions":2000}']) {
    expect(() => loadSettings({ LIGHTHOUSE_WORK_LIMITS: wrong })).toThrow(/LIGHTHOUSE_WORK_LIMITS/)
  }
})

test('quotas overlay their defaults figure by figure', () => {
  const { quotas } = loadSettings({ LIGHTHOUSE_QUOTAS: '{"agent":{"batch":7}}' })
  expect(quotas.agent).toEqual({ requestsPerMinute: 1_000, eventsPerMinute: 30_000, bytesPerMinute: 3e8, batch: 7 })
  expect(quotas.guest.requestsPerMinute).toBe(100)
})

test('archives are removed for want of room only where a backup is named', () => {
  const asked = { LIGHTHOUSE_CLEAN_UP_DAYS: '30' }
  expect(() => loadSettings(asked)).toThrow('LIGHTHOUSE_CLEAN_UP_DAYS: needs the backup')
  expect(loadSettings({ ...asked, LIGHTHOUSE_RESTORE_FROM: '/backup' })).toMatchObject({ cleanUpDays: 30 })
})

test('a certificate needs its key, and a key its certificate', () => {
  const cert = { LIGHTHOUSE_TLS_CERT_PATH: '/tls.crt' }
  const key = { LIGHTHOUSE_TLS_KEY_PATH: '/tls.key' }
  expect(() => loadSettings(cert)).toThrow('LIGHTHOUSE_TLS_KEY_PATH: is needed too')
  expect(() => loadSettings(key)).toThrow('LIGHTHOUSE_TLS_CERT_PATH: is needed too')
  expect(loadSettings({ ...cert, ...key })).toMatchObject({ tlsCertPath: '/tls.crt', tlsKeyPath: '/tls.key' })
})

test('the variables of the command line are none of a server, and are not taken for misspelt ones', () => {
  expect(unknownVariables({ LIGHTHOUSE_URL: 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: 't' })).toEqual([])
})
