// `lighthouse load` as a process with its generators, against the built server: its reports, and a generator that is held up.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Report } from '../../src/cli/load/report.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'

const folder = makeTempDirectory()
const children = (pid: number | undefined) => `/proc/${pid}/task/${pid}/children`
const hasProc = existsSync(children(process.pid))
const PLENTY = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12 }
let server: RunningServer
let usual: ReturnType<typeof ended>
let heldUp: ReturnType<typeof ended> | undefined

/** Both at once: how fast this machine is now is not what is tried. */
beforeAll(async () => {
  server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: PLENTY }) })
  const inTime = ['--duration', '3', '--scale', '10', '--late', '60000', '--tolerance', '1000']
  usual = loading('usual', ...inTime).then(ended)
  if (hasProc)
    heldUp = loading('heldUp', '--duration', '2', '--scale', '20', '--tolerance', '1000').then(holdUp).then(ended)
})

afterAll(async () => {
  await server.stop()
  removeTempDirectory(folder)
})

async function loading(out: string, ...args: string[]) {
  const token = await tokenOf({ sub: 'operator', role: 'admin' })
  const line = [
    'load',
    '--profile',
    'single',
    '--server',
    server.url,
    '--token',
    token,
    '--out',
    join(folder, out),
    '--json',
    ...args,
  ]
  const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...line])
  const said = { out: '', err: '' }
  child.stdout.on('data', text => (said.out += String(text)))
  child.stderr.on('data', text => (said.err += String(text)))
  return { child, said, code: once(child, 'close').then(([code]) => code) }
}

type Loading = Awaited<ReturnType<typeof loading>>

async function ended({ said, code }: Loading) {
  return { code: await code, said }
}

/** Its generator stands still from the morning to the afternoon, as on a machine that is busy with something else. */
async function holdUp(held: Loading): Promise<Loading> {
  await until(() => held.said.err.includes('morning:'))
  const generator = Number(readFileSync(children(held.child.pid), 'utf8').trim())
  process.kill(generator, 'SIGSTOP')
  await until(() => held.said.err.includes('afternoon:'))
  process.kill(generator, 'SIGCONT')
  return held
}

const reportIn = (out: string) => JSON.parse(readFileSync(join(folder, out, 'report.json'), 'utf8')) as Report
const verdictIn = ({ verdicts }: Report, begin: string) => verdicts.find(({ of }) => of.startsWith(begin))

test('it sends what its schedule says, finds all of it again, and leaves both reports', async () => {
  const { said, code } = await usual
  expect([code, said.out === '' ? said.err : '']).toEqual([0, ''])
  const report = reportIn('usual')
  const { asked, schedule, operations, store, verdicts, holds, phases, series, samples } = report
  expect(asked).toMatchObject({ profile: 'single', seconds: 3, scale: 10, seed: '1' })
  expect(phases.map(({ name }) => name)).toEqual(['night', 'morning', 'burst', 'afternoon', 'night'])
  expect(schedule.planned).toBeGreaterThan(50)
  expect(schedule.begun).toBe(schedule.planned)
  expect(operations.map(({ operation, counts }) => [operation, counts.done])).toEqual([['append', schedule.planned]])
  // What was appended before the time began is looked for as well.
  expect(store.acknowledged).toBeGreaterThan(schedule.planned)
  expect(store).toMatchObject({ stored: store.acknowledged, lost: [], doubled: [], unknown: [] })
  expect([holds, verdicts.length > 10]).toEqual([true, true])
  expect(series.append?.reduce((sum, { perSecond }) => sum + perSecond, 0)).toBe(schedule.planned)
  expect(samples.some(({ residentBytes, head, mode }) => residentBytes > 0 && head > 0 && mode === 'NORMAL')).toBe(true)
  expect(samples.some(({ second }) => second > 1 && second < 4)).toBe(true)
  const page = readFileSync(join(folder, 'usual', 'report.html'), 'utf8')
  expect(page).toContain('Every verdict holds')
  // It works offline: nothing is loaded, and nothing runs.
  expect(page).not.toMatch(/<script|<link|src=|url\(|@import/)
  const { series: _, samples: __, ...short } = report
  expect(JSON.parse(said.out)).toEqual({ ...short, out: join(folder, 'usual') })
}, 60_000)

// skip: the test looks for the generators in /proc, which Linux has; the name of the test says so
const onLinux = hasProc ? test : test.skip
const without = hasProc ? '' : ' (skipped: there is no /proc here)'

onLinux(
  `a generator that cannot keep its schedule makes the run fail${without}`,
  async () => {
    const { said, code } = (await heldUp) ?? { said: { out: '', err: '' }, code: undefined }
    expect([code, said.out === '' ? said.err : '']).toEqual([1, ''])
    const report = reportIn('heldUp')
    expect(verdictIn(report, 'schedule: p99')).toMatchObject({ holds: false, bound: 25 })
    expect(report.schedule.late.maxMs).toBeGreaterThan(500)
    // Its times count from when they were to begin, as those of agents who waited.
    expect(report.operations[0]?.times.maxMs).toBeGreaterThan(500)
    expect(verdictIn(report, 'acknowledged events')).toMatchObject({ holds: true })
    expect(readFileSync(join(folder, 'heldUp', 'report.html'), 'utf8')).toContain('does not hold')
  },
  60_000,
)
