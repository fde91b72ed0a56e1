// A provider of keys that stalls, under a real server: a warning while a good set stands, an emergency without any.
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { PATIENCE_MS, TriggerTrial } from './trigger-trial.js'
import type { WatchedServer } from './watched-server.js'

class Provider {
  private readonly pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  private readonly held = new Set<ServerResponse>()
  private stalls = false
  private readonly server = createServer((_, response) => {
    if (this.stalls) this.held.add(response)
    else this.answer(response)
  })

  static async start(): Promise<Provider> {
    const provider = new Provider()
    provider.server.listen(0, '127.0.0.1')
    await once(provider.server, 'listening')
    return provider
  }

  get env(): Readonly<Record<string, string>> {
    const { port } = this.server.address() as AddressInfo
    return {
      LIGHTHOUSE_JWT_ALGORITHMS: 'HS256,ES256',
      LIGHTHOUSE_JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
    }
  }

  /** It takes connections and never answers. */
  stall(): void {
    this.stalls = true
  }

  goOn(): void {
    this.stalls = false
    for (const response of this.held) this.answer(response)
    this.held.clear()
  }

  tokenBy(kid: string): Promise<string> {
    const claims = new SignJWT({ sub: 'somebody', role: 'admin' }).setProtectedHeader({ alg: 'ES256', kid })
    return claims.setExpirationTime('1h').sign(this.pair.privateKey)
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private answer(response: ServerResponse): void {
    response.end(JSON.stringify({ keys: [{ ...this.pair.publicKey.export({ format: 'jwk' }), kid: 'good' }] }))
  }
}

let trial: TriggerTrial
let provider: Provider

beforeEach(async () => {
  trial = new TriggerTrial()
  provider = await Provider.start()
  trial.after(() => provider.stop())
})
afterEach(() => trial.end(expect.getState().currentTestName ?? ''), PATIENCE_MS)

async function statusOf(server: WatchedServer, kid: string): Promise<number> {
  const authorization = `Bearer ${await provider.tokenBy(kid)}`
  const answer = await fetch(`${server.server.url}/v1/events?limit=1`, { headers: { authorization } })
  await answer.arrayBuffer()
  return answer.status
}

// skip: it takes minutes that nobody asked for
const whenAsked = TriggerTrial.isAsked ? test : test.skip

whenAsked(
  'a provider that stalls before there is any key pages, and it ends when the provider answers',
  async () => {
    provider.stall()
    const server = await trial.start({ env: provider.env })
    await trial.strikes({ causes: ['dependency'], what: 'somebody comes with a token of the provider' }, async () => {
      expect(await statusOf(server, 'good')).toBe(401)
    })
    provider.goOn()
    server.note('the provider answers')
    await server.becomes('NORMAL')
    expect(await statusOf(server, 'good')).toBe(200)
    await trial.holds('dependency')
  },
  PATIENCE_MS,
)

whenAsked(
  'a provider that stalls while a good set of keys stands is a warning, which pages nobody',
  async () => {
    const server = await trial.start({ env: provider.env, pace: { p2Seconds: 5 } })
    expect(await statusOf(server, 'good')).toBe(200)
    provider.stall()
    server.note('the provider stalls')
    // The set is asked for again at most every half minute.
    const unknown = async () => {
      await statusOf(server, 'unknown')
      return server.mode === 'WARNING'
    }
    await server.until(unknown)
    const trouble = {
      causes: ['dependency'],
      mode: 'WARNING',
      severity: 'P2',
      what: 'a token had an unknown key',
    } as const
    await trial.strikes(trouble, () => undefined)
    expect(await statusOf(server, 'good')).toBe(200)
    provider.goOn()
    server.note('the provider answers')
    await server.becomes('NORMAL')
    await trial.holds('dependency', 'P2')
  },
  PATIENCE_MS,
)
