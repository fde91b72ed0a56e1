// `lighthouse load` on a server of its own that is killed under it and cut off, and its page in a real Chromium, offline.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { chromium } from 'playwright-core'
import type { Report } from '../../src/cli/load/report.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

const folder = makeTempDirectory()
const executablePath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map(place => join(place, 'chromium'))
  .find(path => existsSync(path))
// skip: there is no chromium here; the name of the test says so
const inBrowser = executablePath === undefined ? test.skip : test
const without = executablePath === undefined ? ' (skipped: there is no chromium here; npm run tools)' : ''

afterAll(() => removeTempDirectory(folder))

test('through a kill -9 and cut connections every acknowledged event of all agents is there, and nothing is left behind', async () => {
  const line = ['load', '--profile', 'mixed', '--duration', '6', '--scale', '0.3', '--faults', 'cut@1,kill@3']
  const judged = ['--late', '60000', '--tolerance', '1000', '--out', 'out', '--json']
  const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...line, ...judged], { cwd: folder })
  const said = { out: '', err: '' }
  child.stdout.on('data', text => (said.out += String(text)))
  child.stderr.on('data', text => (said.err += String(text)))
  const [code] = await once(child, 'close')
  expect([said.out === '' ? said.err : '', code === 0 || code === 1]).toEqual(['', true])
  const { store, faults, operations, schedule, told, disk } = JSON.parse(said.out) as Report
  expect(disk?.p99Ms).toBeGreaterThanOrEqual(disk?.p50Ms ?? Number.POSITIVE_INFINITY)
  expect(store).toMatchObject({ lost: [], doubled: [], unknown: [] })
  expect(store.acknowledged).toBeGreaterThan(10_000)
  expect([told, schedule.begun]).toEqual([[], schedule.planned])
  expect(faults.map(({ kind, awaySeconds }) => [kind, awaySeconds > 0])).toEqual([
    ['cut', false],
    ['kill', true],
  ])
  const names = operations.map(({ operation }) => operation)
  expect(names).toEqual(expect.arrayContaining(['append', 'event', 'deliver', 'work']))
  expect(operations.every(({ counts }) => counts.failed === 0)).toBe(true)
  expect(readdirSync(folder)).toEqual(['out'])
}, 120_000)

/** How fast this machine is now is not what is tried. */
const AT_EASE = ['--late', '60000', '--tolerance', '1000', '--json']

async function loading(out: string, ...asked: string[]) {
  const line = [resolve('dist/cli/main.js'), 'load', ...asked, ...AT_EASE, '--out', out]
  const child = spawn(process.execPath, line, { cwd: folder })
  const said = { out: '', err: '' }
  child.stdout.on('data', text => (said.out += String(text)))
  child.stderr.on('data', text => (said.err += String(text)))
  const [code] = await once(child, 'close')
  expect(said.out === '' ? said.err : '').toBe('')
  const report = JSON.parse(said.out) as Report
  expect([code, report.verdicts.filter(({ holds }) => !holds)]).toEqual([0, []])
  return { report, said: said.err }
}

test('a run in parts goes on with the same store, and its last part finds what the first has stored', async () => {
  const part = ['--profile', 'five', '--duration', '2', '--store', 'parts']
  const first = await loading('first', ...part)
  const second = await loading('second', ...part, '--recheck')
  expect(first.report.part).toEqual({ number: 1, eventsBefore: 0, rechecked: [] })
  expect(second.said).toContain(`part 2, on a store of ${second.report.part?.eventsBefore} events`)
  expect(second.report.part?.eventsBefore).toBeGreaterThanOrEqual(first.report.store.stored)
  expect(second.report.part?.rechecked).toMatchObject([
    { part: 1, generator: 'generator-1', stored: first.report.store.stored, lost: { count: 0 }, changed: { count: 0 } },
  ])
  expect(second.report.verdicts.find(({ of }) => of.startsWith('events of earlier parts'))).toMatchObject({
    holds: true,
  })
  expect(readdirSync(join(folder, 'parts')).sort()).toEqual(['part-1', 'part-2', 'store'])
}, 60_000)

test('under a driven clock eight minutes pass for the server in four seconds, and it says so', async () => {
  const line = ['--profile', 'day', '--duration', '480', '--clock', '120', '--scale', '0.015']
  const { report, said } = await loading('driven', ...line)
  expect(said).toContain('under a driven clock: 0.13 h pass for the server in 0 h here')
  const { writtenFrom = '', writtenTo = '', acknowledged, stored } = report.store
  const hours = (Date.parse(writtenTo) - Date.parse(writtenFrom)) / 3_600_000
  expect(hours).toBeGreaterThan(0.12)
  expect(stored).toBe(acknowledged)
  // By the schedule of the longer time.
  expect(stored).toBeGreaterThan(1_500)
}, 60_000)

inBrowser(
  `its page is drawn in Chromium without a network, and says what the JSON says${without}`,
  async () => {
    const { holds, verdicts } = JSON.parse(readFileSync(join(folder, 'out', 'report.json'), 'utf8')) as Report
    const browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] })
    try {
      const context = await browser.newContext({ offline: true, viewport: { width: 1_000, height: 800 } })
      const page = await context.newPage()
      const problems: string[] = []
      page.on('console', message => problems.push(message.text()))
      page.on('requestfailed', request => problems.push(request.url()))
      await page.goto(pathToFileURL(join(folder, 'out', 'report.html')).href)
      expect(await page.title()).toBe('Load: mixed')
      expect((await page.locator('.verdict').textContent())?.startsWith('Every')).toBe(holds)
      expect(await page.locator('table').first().locator('tbody tr').count()).toBe(verdicts.length)
      const lines = await page
        .locator('svg polyline')
        .evaluateAll(drawn => drawn.map(one => one.getBoundingClientRect().width))
      // A busy server may have been looked at once alone: that is a line without a length.
      expect(lines.filter(width => width > 0).length).toBeGreaterThan(15)
      // Nothing is wider than the page, also on a narrow one.
      for (const width of [1_000, 400]) {
        await page.setViewportSize({ width, height: 800 })
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      }
      if (process.env['SCREENSHOTS'] !== undefined) {
        await page.setViewportSize({ width: 1_000, height: 800 })
        await page.screenshot({ path: join(process.env['SCREENSHOTS'], 'load.png'), fullPage: true })
      }
      expect(problems).toEqual([])
    } finally {
      await browser.close()
    }
  },
  60_000,
)
