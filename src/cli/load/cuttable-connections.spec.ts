// Connections that are cut while requests are under way, and what is kept of requests that are over: nothing.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Lighthouse, NetworkError } from '#client'
import { until } from '../../../test/support/until.js'
import { CuttableConnections } from './cuttable-connections.js'

let server: Server
let silent = false
let held = 0

beforeAll(async () => {
  server = createServer((_, response) => {
    if (silent) held++
    else response.setHeader('content-type', 'application/json').end('{"events":[],"next":null,"head":0}')
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function clientOf({ fetch }: CuttableConnections): Lighthouse {
  const { port } = server.address() as AddressInfo
  return new Lighthouse({ url: `http://127.0.0.1:${port}`, token: 'x', fetch, retry: false })
}

test('a request that is answered or has failed is kept by nobody', async () => {
  const connections = new CuttableConnections()
  const lighthouse = clientOf(connections)
  for (let n = 0; n < 200; n++) await lighthouse.readPage({ limit: 1 })
  expect(connections.underWay).toBe(0)
})

test('a cut ends what is under way, and what comes later is answered', async () => {
  const connections = new CuttableConnections()
  const lighthouse = clientOf(connections)
  silent = true
  const requests = Array.from({ length: 5 }, () => lighthouse.readPage({ limit: 1 }).catch((error: unknown) => error))
  await until(() => held === 5)
  silent = false
  connections.cut()
  for (const error of await Promise.all(requests)) expect(error).toBeInstanceOf(NetworkError)
  expect(connections.underWay).toBe(0)
  expect(await lighthouse.readPage({ limit: 1 })).toMatchObject({ events: [] })
})
