// Everybody follows a server that is killed, on connections that are cut: nobody misses, repeats or reorders an event.
import { expect, test } from '@jest/globals'
import { check } from './checker.js'

test('every subscriber gets exactly what matches, in order and once, through cuts, pauses and kills', async () => {
  const seed = Date.now() % 1_000_000
  const findings = await check({ cuts: 120, kills: 2, seed })
  process.stdout.write(`follow: ${JSON.stringify(findings)}\n`)
  expect({ seed, wrong: findings.wrong }).toEqual({ seed, wrong: [] })
  expect(findings.cuts).toBeGreaterThan(40)
  expect(findings.kills).toBe(2)
  expect(findings.delivered).toBeGreaterThan(findings.events)
}, 120_000)
