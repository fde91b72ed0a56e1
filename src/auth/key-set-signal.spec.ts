// A set of keys that cannot be had is told: as a warning while an older one stands, and as critical without any.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadSettings } from '../config/load-settings.js'
import { Signals } from '../signals/signals.js'
import { authOptionsOf } from './auth-options.js'
import { tellOfKeySet } from './key-set-signal.js'
import { TokenKeys } from './token-keys.js'

const REFETCH_MS = 31_000
const STALE_MS = 250_000

class Provider {
  status = 200
  private readonly jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  private readonly server = createServer((_, answer) => {
    answer.writeHead(this.status).end(JSON.stringify({ keys: [{ ...this.jwk, kid: 'k1' }] }))
  })

  async listen(): Promise<string> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }
}

test('the keys that cannot be had are told, and asked for again until they can', async () => {
  const provider = new Provider()
  const settings = loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_JWT_SECRET: 'x'.repeat(32) })
  const jwksUrl = await provider.listen()
  const { secret: _, ...others } = authOptionsOf(settings)
  const signals = new Signals()
  let answered = Promise.withResolvers<void>()
  let now = 0
  const keys = new TokenKeys(
    { ...others, algorithms: ['ES256'], jwksUrl },
    () => now,
    outcome => {
      tellOfKeySet(signals, outcome)
      answered.resolve()
    },
  )
  const level = async (ask: () => void) => {
    answered = Promise.withResolvers<void>()
    now += REFETCH_MS
    ask()
    await answered.promise
    return signals.levelOf('dependency')
  }
  provider.status = 500
  expect(await level(() => keys.keepFresh())).toBe('critical')
  expect(await level(() => keys.retry())).toBe('critical')
  provider.status = 200
  expect(await level(() => keys.retry())).toBe('ok')
  now += STALE_MS
  provider.status = 500
  expect(await level(() => keys.keepFresh())).toBe('warning')
  provider.status = 200
  expect(await level(() => keys.retry())).toBe('ok')
  provider.close()
})
