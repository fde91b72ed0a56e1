// An agent, a guest and somebody without a token try everything at once for some seconds, beside agents that do their work: none of those notices more than that it takes longer.
import { expect, test } from '@jest/globals'
import { ATTACKS, holdTrial } from './trial.js'

test('no attack ends the server, and nothing that was acknowledged is lost', async () => {
  const { honest, attacks, complaints, ...report } = await holdTrial({
    as: ['agent', 'guest', 'stranger'],
    processes: 'one',
    seconds: 4,
    baselineSeconds: 1,
    restSeconds: 0,
    events: 500,
    agents: 4,
    appendsPerSecond: 5,
    scale: 0.03,
  })
  expect(complaints).toEqual([])
  expect(report).toMatchObject({ lost: 0, exits: 0, exitCode: 0 })
  expect([honest.alone.errors, honest.beside.errors]).toEqual([{}, {}])
  expect(report.acknowledged).toBe(honest.alone.sent + honest.beside.sent)
  expect(report.acknowledged).toBeGreaterThanOrEqual(100)
  expect(honest.beside.followed.delivered).toBe(honest.beside.followed.expected)
  // Some attacks are counted under two names: what they aim at, and what goes on meanwhile.
  expect(Object.keys(attacks).length).toBeGreaterThanOrEqual(ATTACKS.length)
  for (const [attack, { sent, answers }] of Object.entries(attacks)) {
    expect([attack, sent]).toEqual([attack, expect.any(Number)])
    expect([attack, Object.keys(answers)]).not.toEqual([attack, []])
    expect([attack, Object.keys(answers).filter(label => label.startsWith('500'))]).toEqual([attack, []])
  }
}, 120_000)
