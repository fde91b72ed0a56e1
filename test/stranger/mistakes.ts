// Sends every mistake of the table to a server of the clone, and prints what is answered.
import assert from 'node:assert/strict'
import { type AnsweredProblem, MISTAKES, type Mistake, saidBy, sendMistake } from '../e2e/mistakes.js'
import { TEST_SECRET, tokenOf } from '../support/running-server.js'
import type { Clone } from './clone.js'
import type { Check } from './run-stranger.js'

/** With a secret that is known here, for no command makes a token that has ended, or of a role that does not exist. */
export async function checkMistakes(clone: Clone, check: Check): Promise<void> {
  const server = await clone.started({ LIGHTHOUSE_JWT_SECRET: TEST_SECRET })
  try {
    for (const mistake of MISTAKES) await check(`mistake: ${mistake.name}`, () => answered(mistake, clone.address))
  } finally {
    await server.end()
  }
}

async function answered({ request, status, code, says }: Mistake, address: string): Promise<void> {
  const bearer = async (role: string, exp: number) => `Bearer ${await tokenOf({ sub: 'ada', role, exp })}`
  const answer = await sendMistake(`http://${address}`, request, bearer)
  const problem = (await answer.json()) as AnsweredProblem
  const said = saidBy(problem)
  console.log(`       ${request.method} ${request.path} → ${answer.status} ${problem.code}: ${said.join(' | ')}`)
  assert.deepEqual([answer.status, problem.code], [status, code])
  assert.ok(
    said.some(text => says.test(text)),
    `nothing in it says ${says}`,
  )
}
