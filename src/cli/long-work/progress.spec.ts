// The bar of long work by a clock of the test: when it is drawn, what it says, and what is left of it at the end.
import { expect, test } from '@jest/globals'
import { type LongWork, Progress, watched } from './progress.js'

function at(work: LongWork, isTerminal = true) {
  const drawn: string[] = []
  const said: string[] = []
  const clock = { ms: 0 }
  const redraw = isTerminal ? (text: string) => void drawn.push(text) : undefined
  const progress = new Progress({ out: () => undefined, err: text => said.push(text), redraw }, work, () => clock.ms)
  return { progress, clock, drawn, said }
}

test('the bar says how much there is, how fast it goes and how long it will take', () => {
  const { progress, clock, drawn } = at({ name: 'verify', unit: 'bytes', total: 4e9 })
  clock.ms = 10_000
  progress.at(1e9)
  expect(drawn).toEqual(['verify [###.........] 25 %, 30 s left  1.0 GB of 4.0 GB  100.0 MB/s'])
})

test('what is over at once is never drawn, and nothing is drawn more than ten times a second', () => {
  const { progress, clock, drawn, said } = at({ name: 'verify', unit: 'bytes', total: 100 })
  for (const ms of [100, 499, 500, 550, 599, 600]) {
    clock.ms = ms
    progress.add(10)
  }
  expect(drawn).toHaveLength(2)
  progress.end()
  expect([drawn.at(-1), said]).toEqual(['', []])
})

test('elsewhere than on a terminal long work says one line at its end, and short work none', () => {
  const { progress, clock, drawn, said } = at({ name: 'export', unit: 'events' }, false)
  clock.ms = 90_000
  progress.add(1_800_000)
  progress.end()
  expect([drawn, said]).toEqual([[], ['export: 1,800,000 events in 1 min 30 s, 20,000/s']])
})

test('where nobody knows how much there is, there is a rate and no bar', () => {
  const { progress, clock, drawn } = at({ name: 'export', unit: 'events' })
  clock.ms = 1_000
  progress.add(500)
  expect(drawn).toEqual(['export  500 events  500/s'])
  clock.ms = 2_000
  progress.expect(2_000)
  progress.add(500)
  expect(drawn.at(-1)).toBe('export [######......] 50 %, 2 s left  1,000 of 2,000 events  500/s')
})

test('an estimate that was too small never says that all is done', () => {
  const { progress, clock, drawn } = at({ name: 'repair', unit: 'bytes', total: 1_000 })
  clock.ms = 1_000
  progress.add(5_000)
  expect(drawn[0]).toContain(' 99 %, 0 s left  5 KB of 1 KB  5 KB/s')
})

test('work that fails takes its bar away before the error is told', async () => {
  const drawn: string[] = []
  const terminal = { out: () => undefined, err: () => undefined, redraw: (text: string) => drawn.push(text) }
  const failing = watched(terminal, { name: 'verify', unit: 'bytes', total: 1 }, async progress => {
    const begun = performance.now()
    while (drawn.length === 0 && performance.now() - begun < 10_000) {
      await new Promise(setImmediate)
      progress.add(0)
    }
    throw new Error('the disk is gone')
  })
  await expect(failing).rejects.toThrow('the disk is gone')
  expect([drawn.length > 1, drawn.at(-1)]).toEqual([true, ''])
})
