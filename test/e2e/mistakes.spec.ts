// The mistakes people make, sent to one server: each answer says what is wrong and what to do instead.
import { expect, test } from '@jest/globals'
import type { Role } from '../../src/auth/access.js'
import { HealthModule } from '../../src/health/health.module.js'
import { IndexModule } from '../../src/indexing/indexing.module.js'
import { modulesUnderTest } from '../leaks/twin.js'
import { agent, bearerOf, jsonOf, useServer } from '../support/http-server-under-test.js'
import { MISTAKES, type MistakenRequest } from './mistakes.js'

const server = useServer(HealthModule, IndexModule, ...modulesUnderTest())

const HOUR_SECONDS = 3_600

function send({ method, path, headers, body, role = 'agent', expired = false }: MistakenRequest): Promise<Response> {
  const until = Math.floor(Date.now() / 1000) + (expired ? -HOUR_SECONDS : HOUR_SECONDS)
  // A role that does not exist is one of the mistakes.
  const authorization = role === 'none' ? {} : { authorization: bearerOf(agent('ada', role as Role), until) }
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const typed = body === undefined ? {} : { 'content-type': 'application/json' }
  return fetch(server.url + path, { method, headers: { ...authorization, ...typed, ...headers }, ...content })
}

test.each(MISTAKES)('$name', async ({ request, status, code, says, answers = {} }) => {
  const answer = await send(request)
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  const problem = await jsonOf(answer)
  const errors: { pointer: string; detail: string }[] = problem.errors ?? []
  const said = [problem.detail, ...errors.map(({ pointer, detail }) => `${pointer} ${detail}`)]
  expect([answer.status, problem.code, said]).toEqual([
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
