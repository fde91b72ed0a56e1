// Which server a command speaks to, and with which token: as typed, from variables, a context, or this machine's own.
import type { Variables } from '../../config/load-settings.js'
import { Usage } from '../usage-error.js'
import { type Context, contextNamed, readContexts } from './contexts.js'

export interface Wish {
  readonly server?: string
  readonly token?: string
  readonly context?: string
}

export interface Address {
  readonly url: string
  readonly token: () => Promise<string>
  /** Where the two come from, for people. */
  readonly from: string
}

export async function addressFor(wish: Wish, env: Variables): Promise<Address> {
  const { server, from } = await serverFor(wish, env)
  if (!URL.canParse(server) || !/^https?:/.test(server))
    throw new Usage(`a server has an address such as http://127.0.0.1:8765, and not ${JSON.stringify(server)}`)
  const given = tokenFor(wish, env, server)
  return { url: server, from, token: given === undefined ? ownToken(server, env) : async () => given }
}

export async function serverFor(
  wish: Wish,
  env: Variables,
): Promise<{ readonly server: string; readonly from: string }> {
  if (wish.server !== undefined) return { server: wish.server, from: '--server' }
  if (wish.context !== undefined) return { server: contextNamed(env, wish.context).server, from: '--context' }
  const { LIGHTHOUSE_URL: url = '' } = env
  if (url !== '') return { server: url, from: 'LIGHTHOUSE_URL' }
  const [name, context] = currentContext(env)
  if (context !== undefined) return { server: context.server, from: `the context ${name}` }
  const { developmentAddress } = await import('./development.js')
  return { server: developmentAddress(env), from: 'the development server of this machine' }
}

/** A token goes only to the server it was kept for. */
function tokenFor(wish: Wish, env: Variables, server: string): string | undefined {
  if (wish.token !== undefined) return wish.token
  if (wish.context !== undefined) {
    const { server: its, token } = contextNamed(env, wish.context)
    if (token !== undefined && sameServer(its, server)) return token
  }
  const { LIGHTHOUSE_TOKEN: token = '' } = env
  if (token !== '') return token
  const [, context] = currentContext(env)
  return context !== undefined && sameServer(context.server, server) ? context.token : undefined
}

function currentContext(env: Variables): [string, Context | undefined] {
  const { current = '', contexts } = readContexts(env)
  return [current, Object.hasOwn(contexts, current) ? contexts[current] : undefined]
}

function sameServer(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href
}

/** Signed with the secret of this machine's development server, so it is sent nowhere else. */
function ownToken(server: string, env: Variables): () => Promise<string> {
  if (!isOfThisMachine(server))
    throw new Usage(`a token for ${server} is missing: give --token, set LIGHTHOUSE_TOKEN, or keep it in a context`)
  return async () => {
    const { operatorToken } = await import('./development.js')
    return operatorToken(env)
  }
}

export function isOfThisMachine(server: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(server).hostname)
}
