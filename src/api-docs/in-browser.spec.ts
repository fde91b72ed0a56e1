// What the page of the API does beside Swagger UI.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runInNewContext } from 'node:vm'
import { fetchForAWhile, followLinks, withWhatItNeeds } from './in-browser.js'

const TAKEN = { deliveries: [{ token: '1.1' }, { token: '2.1' }], id: 7, next: null }

test('a link fills in the values of the answer, alone or within a text', () => {
  const links = {
    read: { operationId: 'readOne', parameters: { id: '$response.body#/id', after: 0 } },
    ack: { operationId: 'ack', requestBody: { tokens: ['{$response.body#/deliveries/1/token}'], why: 'as {said}' } },
  }
  expect(followLinks(links, TAKEN)).toEqual([
    { operationId: 'readOne', parameters: { id: 7, after: 0 }, body: undefined },
    { operationId: 'ack', parameters: {}, body: { tokens: ['2.1'], why: 'as {said}' } },
  ])
})

test.each([
  ['beyond a list', '$response.body#/deliveries/2/token'],
  ['below null', '$response.body#/next/id'],
  ['of another name', '$response.body#/token'],
])('a link to what the answer lacks (%s) is not followed, and the others are', (_, id) => {
  const links = { a: { operationId: 'a', parameters: { id } }, b: { operationId: 'b', requestBody: {} } }
  expect(followLinks(links, TAKEN)).toEqual([{ operationId: 'b', parameters: {}, body: {} }])
})

test('the browser can run it from its text alone', () => {
  const links = { a: { operationId: 'a', parameters: { id: '$response.body#/id' } } }
  const followed = runInNewContext(`(${followLinks})(links, body)`, { links, body: TAKEN })
  expect(JSON.parse(JSON.stringify(followed))).toEqual([{ operationId: 'a', parameters: { id: 7 } }])
  expect(String(fetchForAWhile)).toMatch(/^async function fetchForAWhile\(/)
})

test('an answer without end is shown as far as it came, and any other is left alone', async () => {
  const server = createServer((request, response) => {
    response.writeHead(201, { 'content-type': request.url === '/lines' ? 'text/event-stream' : 'text/plain' })
    response.write('data: 1\n\n')
    if (request.url !== '/lines') response.end()
  }).listen(0, '127.0.0.1')
  try {
    await new Promise(resolve => server.once('listening', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const [stream, page] = await Promise.all([fetchForAWhile(`${url}/lines`), fetchForAWhile(url)])
    expect([stream.status, await stream.text()]).toEqual([201, expect.stringMatching(/^data: 1\n\n: there is more; /)])
    expect([page.status, await page.text()]).toEqual([201, 'data: 1\n\n'])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

describe('of the document a panel needs', () => {
  const whole = JSON.parse(readFileSync('docs/openapi.json', 'utf8'))
  const refsIn = (value: unknown) => JSON.stringify(value).match(/#\/components\/[\w/.-]+/g) ?? []

  test('its path, and every component that leads from there to another', () => {
    for (const path of Object.keys(whole.paths)) {
      const { paths, components, info } = withWhatItNeeds(whole, ['paths', path, 'get']) as typeof whole
      expect([Object.keys(paths), paths[path], info]).toEqual([[path], whole.paths[path], whole.info])
      const there = Object.entries<object>(components).flatMap(([kind, of]) =>
        Object.keys(of).map(name => `#/components/${kind}/${name}`),
      )
      const named = new Set(refsIn({ paths, components }))
      expect(there.filter(ref => !ref.includes('/securitySchemes/')).sort()).toEqual([...named].sort())
    }
  })

  test('a small part', () => {
    const part = JSON.stringify(withWhatItNeeds(whole, ['paths', '/v1/events', 'post']))
    expect(part.length).toBeLessThan(JSON.stringify(whole).length / 3)
  })

  test('all of it where it is no path that is opened', () => {
    expect(withWhatItNeeds(whole, ['components', 'schemas', 'Problem'])).toBe(whole)
    expect(withWhatItNeeds(whole, ['paths', '/nowhere', 'get'])).toBe(whole)
  })
})
