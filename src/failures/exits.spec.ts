// What ends the process and with which code: another owner at once, a failed disk at most once in ten minutes.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { type Cause, Signals } from '../signals/signals.js'
import { APART_MS, EXIT_NOTES, mayEnd } from './exit-notes.js'
import { FatalCauses } from './fatal-causes.js'

let directory: string
beforeEach(() => {
  directory = makeTempDirectory()
})
afterEach(() => removeTempDirectory(directory))

function watched(production: boolean, nowMs = 1_000_000) {
  const signals = new Signals()
  const ends: number[] = []
  let heard: () => void = () => undefined
  const end = (code: number) => {
    ends.push(code)
    heard()
  }
  new FatalCauses(signals, { directory, production, nowMs: () => nowMs, end })
  const tell = (cause: Cause, level: 'ok' | 'critical' = 'critical') =>
    signals.tell({ cause, level, detail: 'told by a test', metrics: {} })
  const ended = () =>
    new Promise<void>(resolve => {
      heard = resolve
      if (ends.length > 0) resolve()
    })
  return { tell, ends, ended }
}

test('a process whose directory another one owns ends at once with 5, everywhere', () => {
  const { tell, ends } = watched(false)
  tell('lost_ownership')
  expect(ends).toEqual([5])
})

test('a failed disk ends the process with 4 in production, and the directory holds the note', async () => {
  const { tell, ends, ended } = watched(true)
  tell('storage_failed')
  await ended()
  expect(ends).toEqual([4])
  expect(JSON.parse(readFileSync(join(directory, EXIT_NOTES), 'utf8'))).toEqual({ storage_failed: 1_000_000 })
})

test('elsewhere a failed disk leaves the server up, for whoever looks', async () => {
  const { tell, ends } = watched(false)
  tell('storage_failed')
  await new Promise(setImmediate)
  expect(ends).toEqual([])
})

test('while a write hangs the process does not end; once it is back, it does', async () => {
  const { tell, ends, ended } = watched(true)
  tell('storage_hung')
  tell('storage_failed')
  expect(ends).toEqual([])
  tell('storage_hung', 'ok')
  await ended()
  expect(ends).toEqual([4])
})

test('the process ends at most once in ten minutes for one cause', async () => {
  expect(await mayEnd(directory, 'storage_failed', 1_000)).toBe(true)
  expect(await mayEnd(directory, 'storage_failed', 1_000 + APART_MS - 1)).toBe(false)
  expect(await mayEnd(directory, 'event_loop', 2_000)).toBe(true)
  expect(await mayEnd(directory, 'storage_failed', 1_000 + APART_MS)).toBe(true)
})

test('a note of a clock that was wrong, or that cannot be understood, keeps nobody from ending', async () => {
  for (const note of ['{"storage_failed":9e15}', '{"storage_failed":"soon"}', '[', 'null']) {
    writeFileSync(join(directory, EXIT_NOTES), note)
    expect(await mayEnd(directory, 'storage_failed', 5_000)).toBe(true)
  }
})

test('what cannot be noted is not done', async () => {
  expect(await mayEnd(join(directory, 'gone'), 'storage_failed', 1_000)).toBe(false)
})
