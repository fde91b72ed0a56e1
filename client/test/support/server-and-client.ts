// A real server, and clients of it as agents of a role, through a proxy if one is named.
import { RunningServer, tokenOf } from '../../../test/support/running-server.js'
import { type LighthouseOptions, Lighthouse as PortableLighthouse } from '../../src/lighthouse.js'
import { Lighthouse } from '../../src/node/lighthouse.js'

const PLENTY = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12 }

/** Nobody is held back: these tests ask more than agents do. */
export function startServer(env: Readonly<Record<string, string>> = {}, directory?: string): Promise<RunningServer> {
  const quotas = JSON.stringify({ agent: PLENTY, system_agent: PLENTY, admin: PLENTY })
  return RunningServer.start({ LIGHTHOUSE_QUOTAS: quotas, ...env }, directory)
}

export interface ClientWish extends Partial<LighthouseOptions> {
  readonly agent?: string
  readonly role?: string
}

/**
 * The entry for Node, or where a spec says so in CLIENT_OVER that of all other platforms, which sends by fetch. Impatient,
 * so that what is tried again does not take long.
 */
export function clientOf(server: { readonly url: string }, wish: ClientWish = {}): PortableLighthouse {
  const { agent = 'tester', role = 'admin', ...options } = wish
  const Client = process.env['CLIENT_OVER'] === 'fetch' ? PortableLighthouse : Lighthouse
  return new Client({
    url: server.url,
    token: () => tokenOf({ sub: agent, role }),
    retry: { attempts: 100, firstDelayMs: 1, longestDelayMs: 20 },
    ...options,
  })
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
