// What one socket of the stream sends costs that socket alone: texts of any script, times of any size, and more than it may send.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { handshakeBytes, RawStream, text } from '../support/raw-stream.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { StreamClient } from '../support/stream-client.js'

let server: RunningServer
beforeAll(async () => {
  server = await RunningServer.start()
})
afterAll(() => server.stop())

const letters = ['a', 'ü', '€', '🦉', '\ud800', '\u0007', '"', '\\']

test('the reason of a close is cut to what a close frame takes, whatever script the client writes its mistakes in', async () => {
  for (const letter of letters) {
    for (let before = 0; before < 4; before++) {
      const key = 'x'.repeat(before) + letter.repeat(60)
      const frame = JSON.stringify({ type: 'auth', token: 'x', [key]: 1 })
      const twice = `{"type":"auth",${JSON.stringify(key)}:1,${JSON.stringify(key)}:2}`
      for (const sent of [frame, twice]) {
        const client = await StreamClient.open(server.url)
        client.socket.send(sent)
        expect([letter, await client.closed()]).toEqual([letter, 4400])
        expect(Buffer.byteLength(client.reason)).toBeLessThanOrEqual(123)
        if (letter.isWellFormed()) expect(client.reason).not.toContain('\ufffd')
        expect(client.heard.at(-1).reason.startsWith(client.reason)).toBe(true)
      }
    }
  }
  expect(server.running).toBe(true)
})

test.each([9_007_199_254_740_991, 9e12, 1e308])('a token that ends at %d seconds ends nothing else', async exp => {
  const token = await tokenOf({ sub: 'far', role: 'guest', exp })
  const headers = { Authorization: `Bearer ${token}` }
  const said = async (client: RawStream) => {
    const { status, code, texts } = await client.outcome(one => one.texts.length > 0 || one.code !== undefined)
    client.cut()
    return status !== 101 ? status : (code ?? JSON.parse(texts[0] as string).type)
  }
  expect(['welcome', 401]).toContain(await said(await RawStream.open(server.url, handshakeBytes({ headers }))))
  const later = await RawStream.open(server.url, handshakeBytes({ headers: {} }))
  later.write(text(JSON.stringify({ type: 'auth', token })))
  expect(['welcome', 'goaway', 4401]).toContain(await said(later))
  expect(server.running).toBe(true)
  expect(server.lines.filter(line => /"level":"(error|fatal)"/.test(line))).toEqual([])
})
