// The built server under more appends than it may keep waiting: some are refused and told when to come again, and soon none is.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'

let server: RunningServer
let token: string

beforeAll(async () => {
  // No server answers so many at once within this time.
  server = await RunningServer.start({ LIGHTHOUSE_APPEND_WAIT_MS: '1' })
  token = await tokenOf({ sub: 'builder-1', role: 'admin' })
})

afterAll(() => server.stop())

function append(): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ type: 'TaskDone', stream: 'agent_builder-1', data: { text: 'x'.repeat(2_000) } })
  return fetch(`${server.url}/v1/events`, { method: 'POST', headers, body })
}

test('what would wait too long is 503 with Retry-After, what is let in is stored, reads go on, and then all is let in', async () => {
  let refused: Response | undefined
  let stored = 0
  while (refused === undefined) {
    const answers = await Promise.all(Array.from({ length: 100 }, append))
    refused = answers.find(({ status }) => status === 503)
    stored += answers.filter(({ status }) => status === 201).length
    expect(answers.every(({ status }) => status === 201 || status === 503)).toBe(true)
  }
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toMatchObject({ code: 'OVERLOADED', retryable: true })
  const headers = { authorization: `Bearer ${token}` }
  const page = await fetch(`${server.url}/v1/events?limit=1&order=desc`, { headers })
  expect(((await page.json()) as { readonly head: number }).head).toBe(stored)
  while ((await append()).status !== 201);
})
