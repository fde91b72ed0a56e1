// A replay against the server in process: its pace, its end, its lines, and going on from where it was.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { tokenOf } from '../../../test/support/running-server.js'
import { type ServerInProcess, startFakeServer } from '../../../test/support/server-on-a-disk.js'
import { makeTempDirectory, removeTempDirectory } from '../../../test/support/temp-directory.js'
import { run } from '../run.js'
import { ReplayPace } from './replay.js'

const folder = makeTempDirectory()
let server: ServerInProcess
let token: string

beforeAll(async () => {
  server = await startFakeServer()
  token = await tokenOf({ sub: 'operator', role: 'admin' })
  for (const type of ['TaskAsked', 'Told', 'TaskDone', 'TaskAsked']) await words('append', type, '--stream', 'agent_a')
})

afterAll(async () => {
  await server.stop()
  removeTempDirectory(folder)
})

async function words(command: string, ...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const pressed = new AbortController()
  const terminal = {
    out: (text: string) => {
      out.push(text)
      if (args.includes('--longest-pause')) pressed.abort()
    },
    err: (text: string) => err.push(text),
    env: {},
    interrupted: () => pressed.signal,
  }
  const code = await run([command, ...args, '--server', server.url, '--token', token], terminal)
  return { code, lines: out.join('\n').split('\n'), err: err.join('\n') }
}

test('a range is printed as JSON, by the filters, and ends', async () => {
  const { code, lines, err } = await words('replay', '--speed', 'max', '--after', '1', '--type', 'Task*')
  expect([code, err]).toEqual([0, ''])
  expect(lines.map(line => JSON.parse(line)).map(({ position, type }) => [position, type])).toEqual([
    [3, 'TaskDone'],
    [4, 'TaskAsked'],
  ])
  const formatted = await words('replay', '--speed', 'max', '--before', '3', '--format', '{position} {type}')
  expect(formatted.lines).toEqual(['1 TaskAsked', '2 Told'])
})

test('the next call goes on behind the position that the last one kept', async () => {
  const file = join(folder, 'seen.position')
  const first = await words('replay', '--speed', 'max', '--limit', '2', '--format', '{position}', '--resume-file', file)
  expect([first.lines, readFileSync(file, 'utf8')]).toEqual([['1', '2'], '2\n'])
  const next = await words('replay', '--speed', 'max', '--format', '{position}', '--resume-file', file)
  expect([next.lines, readFileSync(file, 'utf8')]).toEqual([['3', '4'], '4\n'])
})

test('Ctrl-C in a pause ends it with 130, and it says where to go on', async () => {
  const file = join(folder, 'paused.position')
  // Slower than they came by so much that the second is not due within the hour.
  const args = ['--speed', '0.000000001', '--longest-pause', '3600', '--format', '{position}', '--resume-file', file]
  const { code, lines, err } = await words('replay', ...args)
  expect([code, lines, err]).toEqual([130, ['1'], 'lighthouse replay: ended behind position 1; --after goes on there'])
  expect(existsSync(file) && readFileSync(file, 'utf8')).toBe('1\n')
})

test('pauses are those between the events by the factor, cut where they are long, and made shorter by what printing took', () => {
  let now = 0
  const pace = new ReplayPace(2, 10_000, () => now)
  expect(pace.waitBefore(1_000_000)).toBe(0)
  expect(pace.waitBefore(1_004_000)).toBe(2_000)
  now = 2_500
  // Half a second late, so the next pause of two seconds is half a second shorter.
  expect(pace.waitBefore(1_008_000)).toBe(1_500)
  now = 4_000
  expect(pace.waitBefore(9_000_000)).toBe(10_000)
  // A clock that went back makes no pause.
  expect(pace.waitBefore(8_000_000)).toBe(10_000)
})

test.each(['0', '-1', 'fast', '1e3'])('%s is no speed', async speed => {
  const { code, err } = await words('replay', '--speed', speed)
  expect([code, err]).toEqual([2, expect.stringContaining('--speed takes a factor such as 1, 0.5 or 60, or max')])
})
