// Connections that are cut while requests are under way, and what is kept of those that are over: nothing.
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

function client(): Lighthouse {
  const { port } = server.address() as AddressInfo
  return new Lighthouse({ url: `http://127.0.0.1:${port}`, token: 'x', fetch, retry: false })
}

test('a cut ends what is under way, and what comes later is answered', async () => {
  const connections = new CuttableConnections()
  try {
    const lighthouse = client()
    silent = true
    const requests = Array.from({ length: 5 }, () => lighthouse.readPage({ limit: 1 }).catch((error: unknown) => error))
    await until(() => held === 5)
    silent = false
    connections.cut()
    for (const error of await Promise.all(requests)) expect(error).toBeInstanceOf(NetworkError)
    expect(await lighthouse.readPage({ limit: 1 })).toMatchObject({ events: [] })
  } finally {
    connections.close()
  }
})

test('a connection that has ended is kept by nobody', async () => {
  const connections = new CuttableConnections()
  try {
    const lighthouse = client()
    await lighthouse.readPage({ limit: 1 })
    for (let n = 0; n < 20; n++) {
      server.closeAllConnections()
      await until(() => connections.open === 0)
      await lighthouse.readPage({ limit: 1 })
    }
    expect(connections.open).toBe(1)
  } finally {
    connections.close()
  }
})
