// Long answers whose tokens end: each is told, whatever happens when another one is told.
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Logger } from '@nestjs/common'
import { TokenVerifier } from '../auth/token-verifier.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import { Draining } from './draining.service.js'
import { LongAnswers } from './long-answers.service.js'

Logger.overrideLogger(false)

let draining: Draining
let long: LongAnswers
let ended: string[]
let open: (() => void)[]

beforeEach(() => {
  draining = new Draining()
  const verifier = new TokenVerifier({
    algorithms: ['HS256'],
    secret: 'the secret of answers under test, in this process',
    leewaySeconds: 0,
  })
  long = new LongAnswers(new WorkBudgets(), verifier, draining)
  ended = []
  open = []
})
afterEach(() => {
  for (const letGo of open) letGo()
})

/** An answer to a caller without a token, so that the first look ends it. */
function answer(name: string, fails = false): ServerResponse {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  const letGo = long.begin({ request: {}, answer: response }, ['openReads'], ({ code }) => {
    if (fails) throw new Error('nobody is there')
    ended.push(`${name}: ${code}`)
  })
  open.push(letGo)
  return response
}

test('one that fails when it is told is cut off, and those behind it are told, then and later', async () => {
  const failed = answer('a', true)
  answer('b')
  await long.look()
  expect([ended, failed.destroyed]).toEqual([['b: UNAUTHENTICATED'], true])
  answer('c')
  await long.look()
  expect(ended).toEqual(['b: UNAUTHENTICATED', 'c: UNAUTHENTICATED'])
})

test('one that fails when the server ends does not keep it from the others', () => {
  const failed = answer('a', true)
  answer('b')
  draining.begin()
  expect([ended, failed.destroyed]).toEqual([['b: CLOSED'], true])
})
