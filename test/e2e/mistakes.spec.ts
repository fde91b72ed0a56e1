// The mistakes people make, sent to one server: each answer says what is wrong and what to do instead.
import { expect, test } from '@jest/globals'
import type { Role } from '../../src/auth/access.js'
import { HealthModule } from '../../src/health/health.module.js'
import { IndexModule } from '../../src/indexing/indexing.module.js'
import { modulesUnderTest } from '../leaks/twin.js'
import { agent, bearerOf, jsonOf, useServer } from '../support/http-server-under-test.js'
import { MISTAKES, saidBy, sendMistake } from './mistakes.js'

const server = useServer(HealthModule, IndexModule, ...modulesUnderTest())

// A role that does not exist is one of the mistakes.
const bearer = (role: string, exp: number) => bearerOf(agent('ada', role as Role), exp)

test.each(MISTAKES)('$name', async ({ request, status, code, says, answers = {} }) => {
  const answer = await sendMistake(server.url, request, bearer)
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  const problem = await jsonOf(answer)
  expect([answer.status, problem.code, saidBy(problem)]).toEqual([
    status,
    code,
    expect.arrayContaining([expect.stringMatching(says)]),
  ])
  for (const [name, value] of Object.entries(answers)) expect([name, answer.headers.get(name)]).toEqual([name, value])
})

test('there are thirty and more, each of another kind', () => {
  expect(new Set(MISTAKES.map(({ name }) => name)).size).toBe(MISTAKES.length)
  expect(MISTAKES.length).toBeGreaterThanOrEqual(30)
})
