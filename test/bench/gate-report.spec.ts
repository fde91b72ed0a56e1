// What becomes of a run of the gate: a line of the series for each figure, a page of its trend, and a signed notice.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Judged } from '../../bench/gate/measure.js'
import type { GateReport } from '../../bench/gate/run.js'
import { appendSeries, type GateRun, lineOf, readSeries } from '../../bench/gate/series.js'
import { compounded, trendPage, writeTrendPage } from '../../bench/gate/trend-page.js'
import { sendReport } from '../../bench/gate/webhook.js'
import { signatureOf } from '../../src/alerting/webhook.js'
import { AlertReceiver, type Received } from '../support/alert-receiver.js'
import { withTempDirectory } from '../support/temp-directory.js'

const SECRET = 'a secret of this test, long enough to sign with'

const machine = { cpu: 'A <fast> one', cores: 2, memoryBytes: 1e9, kernel: 'linux', fileSystem: 'ext4', node: 'v24' }

function run(at: number, before: string, after: string): GateRun {
  const context = { version: '1.0.0', machine: { ...machine, load: [0, 0, 0] }, seconds: 1, turns: 2 }
  return { id: `run-${at}`, at: `2026-01-0${at}T00:00:00.000Z`, kind: 'short', before, after, ...context }
}

function judged(ratio: number, judgement: Judged['judgement']): Judged {
  const figures = { unit: 'ms, p50', before: 1, after: ratio, ratio, low: ratio - 0.01, high: ratio + 0.01 }
  return { row: 'append-latency', what: 'one append', measure: 'figure', pairs: 12, load: '0', judgement, ...figures }
}

const RUNS = [
  lineOf(run(1, 'aaa', 'bbb'), judged(1.04, 'good')),
  lineOf(run(2, 'bbb', 'ccc'), judged(1.1, 'look')),
  lineOf(run(3, 'xxx', 'yyy'), judged(1.2, 'block')),
]

test('lines are added to a series and read as they were', () =>
  withTempDirectory(directory => {
    const file = join(directory, 'results', 'gate.jsonl')
    expect(readSeries(file)).toEqual([])
    appendSeries(file, RUNS.slice(0, 1))
    appendSeries(file, RUNS.slice(1))
    expect(readSeries(file)).toEqual(RUNS)
    expect(Object.keys(RUNS[0] ?? {})).toEqual(
      expect.arrayContaining(['machine', 'version', 'before', 'after', 'row', 'ratio', 'low', 'high']),
    )
  }))

test('small steps multiply where each run begins with what the one before ended with', () => {
  expect(compounded(RUNS).map(value => value.toFixed(3))).toEqual(['1.040', '1.144', '1.200'])
})

test('the page of the trend shows each run, asks for nothing from elsewhere and runs no script', () =>
  withTempDirectory(directory => {
    const page = readFileSync(writeTrendPage(join(directory, 'gate.jsonl'), RUNS), 'utf8')
    for (const { before, after } of RUNS) expect(page).toContain(`${before} → ${after}`)
    expect(page.match(/<circle/g)).toHaveLength(2 * RUNS.length)
    expect(page).not.toMatch(/https?:|<script|<link|@import|url\(/)
    expect(page).toContain('A &lt;fast&gt; one')
    expect(page).not.toContain('NaN')
    expect(trendPage([])).toContain('nothing yet')
  }))

const REPORT: GateReport = {
  run: run(3, 'xxx', 'yyy'),
  judged: [judged(1.2, 'block')],
  failures: [],
  judgement: 'block',
  exitCode: 1,
  tookSeconds: 400,
}

test('the report is posted and signed as notices of alerting are', async () => {
  const receiver = await AlertReceiver.start()
  try {
    expect(await sendReport(`${receiver.url}/gate`, REPORT, SECRET)).toBe(true)
    const [{ headers, body }] = receiver.at('/gate') as [Received]
    const timestamp = String(headers['lighthouse-timestamp'])
    expect(headers['lighthouse-signature']).toBe(`v1=${signatureOf(SECRET, timestamp, JSON.stringify(body))}`)
    expect(headers['lighthouse-delivery']).toBe(REPORT.run.id)
    expect(body).toMatchObject({ kind: 'gate', form: 'short', judgement: 'block', exitCode: 1, before: 'xxx' })
    expect(body.title).toContain('append-latency')
  } finally {
    await receiver.stop()
  }
})

test('a webhook that refuses the report, or is not there, is told of and ends nothing', async () => {
  const receiver = await AlertReceiver.start()
  const { url } = receiver
  receiver.manner = 'fails'
  expect(await sendReport(`${url}/gate`, REPORT, SECRET)).toBe(false)
  await receiver.stop()
  expect(await sendReport(`${url}/gate`, REPORT, SECRET)).toBe(false)
})
