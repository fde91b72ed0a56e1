// Loading settings: files by environment, variables over files, secrets from files, and one message for all mistakes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSettings, unknownVariables } from './load-settings.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
  write('default.yaml', 'host: 127.0.0.1\nport: 1\ndataDir: ./data\nnodeId: a\nlogLevel: info\n')
  for (const env of ['development', 'production', 'test']) write(`${env}.yaml`, '# Nothing differs.\n')
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

test("the repository's own files are good in every environment", () => {
  expect(loadSettings({})).toEqual({
    env: 'development',
    host: '127.0.0.1',
    port: 8765,
    dataDir: './data',
    nodeId: 'node-1',
    logLevel: 'debug',
  })
  expect(loadSettings({ LIGHTHOUSE_ENV: 'production' })).toMatchObject({ env: 'production', host: '0.0.0.0' })
  expect(loadSettings({ LIGHTHOUSE_ENV: 'test' })).toMatchObject({ env: 'test', port: 0 })
})

test('the file of the environment overlays the default, and variables overlay both', () => {
  write('production.yaml', 'port: 2\nnodeId: b\n')
  const settings = loadSettings({ LIGHTHOUSE_ENV: 'production', LIGHTHOUSE_PORT: '3' }, folder)
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
