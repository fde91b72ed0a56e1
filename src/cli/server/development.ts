// The development server of this machine: where it listens, and a token signed with the secret in its data directory.

import type { Variables } from '../../config/load-settings.js'
import { loadSome } from '../../config/load-settings.js'
import { token } from '../token.js'
import { NoSecret, Usage } from '../usage-error.js'

export function developmentAddress(env: Variables): string {
  const { host, port } = loadSome(['host', 'port'], env)
  const reached = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

/** Whoever may read the secret may do anything there, so the token is an operator's. */
export async function operatorToken(env: Variables): Promise<string> {
  try {
    return await token(['--agent', 'operator', '--role', 'admin', '--expires', '1h'], env, () => undefined)
  } catch (error) {
    if (error instanceof NoSecret || error instanceof Usage) throw withoutServer(error)
    throw new Usage(`a token is missing, and none can be made here: ${(error as Error).message}`)
  }
}

function withoutServer(error: Error): NoSecret {
  return new NoSecret(
    `${error.message.split('\nNext: ')[0]}\nNext: start one with lighthouse dev, or name another: --server URL --token TOKEN, or a context.`,
  )
}
