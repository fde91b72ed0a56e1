// Parsing settings: later layers win, every bad value is named at once, secrets stay secret, the value is frozen.
import { BadSettings, deepFreeze, parseSettings, type RawValue } from './parse-settings.js'
import { BadValue } from './parse-values.js'
import { type SettingTable, settingTable } from './settings.js'

interface Two {
  size: number
  key: string
}

const number = (raw: unknown) => {
  if (typeof raw !== 'number') throw new BadValue('must be a number')
  return raw
}
const text = (raw: unknown) => {
  if (typeof raw !== 'string') throw new BadValue('must be a text')
  return raw
}
const table: SettingTable<Two> = {
  size: { variable: 'SIZE', parse: number },
  key: { variable: 'KEY', secret: true, parse: text },
}

function layer(values: Partial<Record<keyof Two, unknown>>, source = 'here'): Map<string, RawValue> {
  return new Map(Object.entries(values).map(([name, value]) => [name, { origin: 'default', source, value }]))
}

function problemsOf(parse: () => unknown): readonly string[] {
  try {
    parse()
  } catch (error) {
    if (error instanceof BadSettings) return error.problems
    throw error
  }
  return []
}

test('a later layer overlays an earlier one', () => {
  expect(parseSettings(table, [layer({ size: 1, key: 'a' }), layer({ size: 2 })])).toEqual({ size: 2, key: 'a' })
})

test('every bad value is named, with its source, in one message', () => {
  const problems = problemsOf(() => parseSettings(table, [layer({ size: 'big' }, 'SIZE')], ['known before']))
  expect(problems).toEqual(['known before', 'SIZE: "big" must be a number', 'KEY: is not set'])
  expect(new BadSettings(problems).message).toMatch(/3 settings are wrong\n {2}known before\n {2}SIZE/)
})

test('a bad secret is named without its value', () => {
  expect(problemsOf(() => parseSettings(table, [layer({ size: 1, key: 42 }, 'KEY_FILE')]))).toEqual([
    'KEY_FILE: the secret must be a text',
  ])
})

test('a defect in a parser is not taken for a bad value', () => {
  const broken = { size: { variable: 'SIZE', parse: () => JSON.parse('{') } }
  expect(() => parseSettings(broken, [layer({ size: 1 })])).toThrow(SyntaxError)
})

test('the value is frozen to its depth', () => {
  const value = deepFreeze({ inner: { list: [1] } })
  expect(() => value.inner.list.push(2)).toThrow(TypeError)
  expect(Object.isFrozen(parseSettings(table, [layer({ size: 1, key: 'a' })]))).toBe(true)
})

const {
  port,
  nodeId,
  host,
  dataDir,
  env,
  logLevel,
  jwtAlgorithms,
  jwtSecret,
  jwtJwksUrl,
  jwtPublicKey,
  quotas,
  docsEnabled,
  allowedHosts,
  corsOrigins,
  metricsPort,
  businessMetrics,
  authOwn,
  allowUnsafeFilesystem,
  tracesHeaders,
  tracesOperations,
  tracesPercent,
} = settingTable

test.each([
  [port, '8765', 8765],
  [port, 0, 0],
  [host, '::1', '::1'],
  [nodeId, 'lighthouse-0', 'lighthouse-0'],
  [dataDir, './data', './data'],
  [env, 'test', 'test'],
  [logLevel, 'warn', 'warn'],
  [jwtAlgorithms, 'RS256, ES256', ['RS256', 'ES256']],
  [jwtAlgorithms, ['HS256', 'HS256'], ['HS256']],
  [jwtSecret, '', ''],
  [jwtJwksUrl, 'https://id.example/keys', 'https://id.example/keys'],
  [docsEnabled, 'false', false],
  [allowedHosts, '', []],
  [allowedHosts, [], []],
  [allowedHosts, 'Events.example, [fd00::1],a', ['events.example', '[fd00::1]', 'a']],
  [corsOrigins, '', []],
  [corsOrigins, 'http://LOCALHOST:5173, https://app.example:443/', ['http://localhost:5173', 'https://app.example']],
  [metricsPort, '9464', 9464],
  [authOwn, 'agent_{id}, {id}/*', ['agent_{id}', '{id}/*']],
  [authOwn, ['agent_{id}_*'], ['agent_{id}_*']],
  [allowUnsafeFilesystem, 'true', true],
  [tracesHeaders, '', {}],
  [tracesHeaders, 'authorization=Bearer a=b, x-tenant = t', { authorization: 'Bearer a=b', 'x-tenant': 't' }],
  [tracesOperations, 'POST /v1/events,event_store.append', ['POST /v1/events', 'event_store.append']],
  [tracesPercent, '0', 0],
])('$variable takes %j', ({ parse }, raw, value) => {
  expect(parse(raw)).toEqual(value)
})

test.each([
  [tracesHeaders, 'nothing'],
  [tracesHeaders, { 'x y': 'z' }],
  [tracesHeaders, { x: 'a\nb' }],
  [tracesOperations, 'append'],
  [tracesPercent, '101'],
  [port, '65536'],
  [port, '-1'],
  [port, '1e3'],
  [port, ''],
  [port, Number.NaN],
  [port, 1.5],
  [port, null],
  [port, 'tcp://10.0.0.1:8765'],
  [nodeId, 'a_b'],
  [nodeId, '-a'],
  [nodeId, 'a'.repeat(33)],
  [nodeId, 7],
  [host, 'a b'],
  [dataDir, ''],
  [dataDir, 'a\0b'],
  [env, 'staging'],
  [logLevel, 'INFO'],
  [jwtAlgorithms, 'none'],
  [jwtAlgorithms, []],
  [jwtSecret, 'short'],
  [jwtJwksUrl, 'file:///keys'],
  [jwtPublicKey, 'ssh-rsa AAAA'],
  [quotas, '{'],
  [quotas, { boss: {} }],
  [quotas, { agent: { requests: 1 } }],
  [quotas, { agent: { batch: 0 } }],
  [quotas, { __proto__: null, constructor: {} }],
  [businessMetrics, '{}'],
  [businessMetrics, [7]],
  [businessMetrics, [{ metric: 'a', types: ['T'], color: 1 }]],
  [businessMetrics, [{ metric: 'A', types: ['T'] }]],
  [businessMetrics, [{ metric: 'a', types: [] }]],
  [businessMetrics, [{ metric: 'a', types: 'T' }]],
  // A label is no place for the names of agents, streams or threads.
  [businessMetrics, [{ metric: 'a', types: ['T'], outcome: 'agentId' }]],
  [businessMetrics, [{ metric: 'a', types: ['T'], outcome: 'metadata.by' }]],
  [businessMetrics, [{ metric: 'a', types: ['T'], outcome: 'data' }]],
  [businessMetrics, [{ metric: 'a', types: ['T'], outcome: 'data..x' }]],
  [businessMetrics, Array(51).fill({ metric: 'a', types: ['T'] })],
  [docsEnabled, 'yes'],
  [corsOrigins, '*'],
  [corsOrigins, 'null'],
  [corsOrigins, 'app.example'],
  [corsOrigins, 'https://*.example'],
  [corsOrigins, 'https://app.example/path'],
  [corsOrigins, 'https://a:b@app.example'],
  [corsOrigins, 'ftp://app.example'],
  [corsOrigins, 'https://a.example,'],
  [corsOrigins, null],
  [allowedHosts, 'events.example:80'],
  [allowedHosts, 'https://events.example'],
  [allowedHosts, 'a,,b'],
  [allowedHosts, '*.example'],
  [allowedHosts, null],
  [allowedHosts, Array(101).fill('a')],
  [metricsPort, '65536'],
  [authOwn, ''],
  [authOwn, []],
  [authOwn, 'agent_*'],
  [authOwn, 'agent_{id} x'],
  [authOwn, ['agent_{ID}']],
  [authOwn, [7]],
  [allowUnsafeFilesystem, '1'],
])('$variable refuses %j', ({ parse }, raw) => {
  expect(() => parse(raw)).toThrow(BadValue)
})
