// A short run of the checker against each client: the same cuts and kills, and the same counts that must be zero.
import { expect, test } from '@jest/globals'
import { missing } from '../support/python.js'
import { check } from './checker.js'
import { CLIENTS, type Kind } from './client-process.js'

const there: readonly Kind[] = missing === undefined ? CLIENTS : ['typescript']
if (missing !== undefined) process.stdout.write(`the Python client is not checked: ${missing}\n`)

test.each(there)(
  'the %s client loses, doubles, misses and repeats nothing through cuts and kills',
  async kind => {
    const effort = { cuts: 40, kills: 2, seed: Date.now() % 1_000_000 }
    const verdict = await check(kind, effort)
    process.stdout.write(`${kind}: ${JSON.stringify({ seed: effort.seed, ...verdict })}\n`)
    expect(verdict).toMatchObject({
      lost: 0,
      doubled: 0,
      gaps: 0,
      repeats: 0,
      unhandled: 0,
      wrong: [],
      ...{ cuts: 40, kills: 2 },
    })
  },
  240_000,
)

test('a run without faults fails, however well everything went', async () => {
  const { wrong, lost } = await check('typescript', { cuts: 0, kills: 0, seed: 1 })
  expect(lost).toBe(0)
  expect(wrong).toContain('no fault was injected, so nothing has been shown')
}, 60_000)
