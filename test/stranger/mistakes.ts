// Sends every mistake of the table to a server of the clone, and prints what is answered.
import assert from 'node:assert/strict'
import { MISTAKES, type Mistake } from '../e2e/mistakes.js'
import { TEST_SECRET, tokenOf } from '../support/running-server.js'
import type { Clone } from './clone.js'
import type { Check } from './run-stranger.js'

const HOUR_SECONDS = 3_600

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
  const { method, path, headers, body, role = 'agent', expired = false } = request
  const exp = Math.floor(Date.now() / 1000) + (expired ? -HOUR_SECONDS : HOUR_SECONDS)
  const authorization = role === 'none' ? {} : { authorization: `Bearer ${await tokenOf({ sub: 'ada', role, exp })}` }
  const typed = body === undefined ? {} : { 'content-type': 'application/json' }
  const answer = await fetch(`http://${address}${path}`, {
    method,
    headers: { ...authorization, ...typed, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const problem = (await answer.json()) as {
    code: string
    detail: string
    errors?: { pointer: string; detail: string }[]
  }
  const said = [problem.detail, ...(problem.errors ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`)]
  console.log(`       ${method} ${path} → ${answer.status} ${problem.code}: ${said.join(' | ')}`)
  assert.deepEqual([answer.status, problem.code], [status, code])
  assert.ok(
    said.some(text => says.test(text)),
    `nothing in it says ${says}`,
  )
}
