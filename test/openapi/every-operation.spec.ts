// Every operation of docs/openapi.json as the page fills it in, sent in the order of the page to a fresh development server.
import { type Followed, followLinks } from '../../src/api-docs/in-browser.js'
import { type DevelopmentServer, startDevelopmentServer } from '../support/development-server.js'
import { buttonsOf, readDocument, requestOf } from './page.js'

let server: DevelopmentServer
beforeAll(async () => {
  server = await startDevelopmentServer()
})
afterAll(() => server.stop())

test('with the token of the page, and nothing but what is filled in, every operation succeeds', async () => {
  const handedOn = new Map<string, Followed>()
  const wrong: unknown[] = []
  for (const button of buttonsOf(readDocument())) {
    const { operationId, responses } = button.operation
    const { address, method, headers, body } = requestOf(button, handedOn.get(operationId))
    const enough = new AbortController()
    const answer = await fetch(`http://127.0.0.1:${server.port}${address}`, {
      method,
      headers: { ...headers, authorization: `Bearer ${server.token}` },
      signal: enough.signal,
      ...(body === undefined ? undefined : { body }),
    })
    const endless = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
    const text = endless ? '' : await answer.text()
    enough.abort()
    if (!answer.ok || !(answer.status in responses)) wrong.push([operationId, method, address, answer.status, text])
    if (!answer.headers.get('content-type')?.startsWith('application/json')) continue
    const links = responses[answer.status]?.links ?? {}
    for (const followed of followLinks(links, JSON.parse(text))) handedOn.set(followed.operationId, followed)
  }
  expect(wrong).toEqual([])
}, 120_000)
