// Every refusal of a start: what it is, where, and what somebody at the terminal can do about it.
import { loadSettings } from '../config/load-settings.js'
import { ERRORS, type ErrorCode, StoreError } from '../contract/errors.js'
import { refusalLines, refusalOf } from './refused-start.js'

const settings = loadSettings({ LIGHTHOUSE_DATA_DIR: '/srv/events', LIGHTHOUSE_METRICS_PORT: '9100' })
const told = (error: unknown) => {
  const refusal = refusalOf(error, settings)
  return refusal === undefined ? undefined : refusalLines(refusal)
}
const failure = (facts: object) => Object.assign(new Error('of the system'), facts)
const unavailable = (code: string) =>
  new StoreError('STORAGE_UNAVAILABLE', `/srv/events cannot be opened: ${code}`, { cause: failure({ code }) })

test.each((Object.keys(ERRORS) as ErrorCode[]).filter(code => code !== 'INTERNAL'))(
  '%s is three lines: what, why, and what next',
  code => {
    expect(told(new StoreError(code, 'the reason'))).toMatch(
      /^Lighthouse cannot start: .+\n {2}the reason\n {2}Next: .+\n$/,
    )
  },
)

test.each([
  ['EACCES', 'may not write to /srv/events'],
  ['EROFS', '/srv/events lies on a file system that is mounted read-only'],
  ['ENOTDIR', '/srv/events is no directory, or lies below a file'],
  ['EEXIST', '/srv/events is no directory'],
  ['ENOENT', '/srv/events is not there and cannot be made'],
])('a directory with %s says so, and how to name another', (code, words) => {
  expect(told(unavailable(code))).toContain(words)
  expect(told(unavailable(code))).toContain(`(${code})\n  Next: Make /srv/events a directory that`)
  expect(told(unavailable(code))).toContain('--data DIR (or LIGHTHOUSE_DATA_DIR)')
})

test.each([
  [{ code: 'EADDRINUSE', port: 8765 }, 'another process listens on 127.0.0.1:8765', '--port N (or LIGHTHOUSE_PORT)'],
  [{ code: 'EADDRINUSE', port: 9100 }, '127.0.0.1:9100', 'LIGHTHOUSE_METRICS_PORT=N'],
  [{ code: 'EACCES', port: 80 }, 'may not listen on 127.0.0.1:80', 'from 1024 on'],
  [{ code: 'EADDRNOTAVAIL', port: 8765 }, '127.0.0.1:8765 (EADDRNOTAVAIL)', '--host HOST'],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'nowhere.test' }, 'nowhere.test (ENOTFOUND)', '--host HOST'],
])('a port that cannot be had: %j', (facts, why, next) => {
  const lines = told(failure({ syscall: 'listen', address: '127.0.0.1', ...facts }))?.split('\n') ?? []
  expect(lines).toHaveLength(4)
  expect([lines[1], lines[2]]).toEqual([expect.stringContaining(why), expect.stringContaining(next)])
})

test('a defect is no refusal, for its stack has to be told', () => {
  for (const error of [
    new Error('a defect'),
    new StoreError('INTERNAL', 'a defect'),
    failure({ code: 'EPIPE' }),
    'text',
  ])
    expect(told(error)).toBeUndefined()
})

test('on a Node that is too old, what is missing is told as that', () => {
  const lines = (error: unknown, node: string) => {
    const refusal = refusalOf(error, settings, node)
    return refusal && refusalLines(refusal)
  }
  const missing = new SyntaxError('the module has no such export')
  expect(lines(missing, '20.19.0')).toBe(
    'Lighthouse cannot start: This Node is too old\n' +
      '  it needs Node 22.15 or newer, and this is 20.19.0\n' +
      '  Next: Install Node 22.15 or newer, or start it with npx lighthouse, which brings one.\n',
  )
  expect(lines(missing, '22.14.9')).toContain('too old')
  expect(lines(missing, '22.15.0')).toBeUndefined()
  // What is known to be something else is told as that.
  expect(lines(new StoreError('LOCKED', 'the reason'), '20.19.0')).toContain('the reason')
})
