// Requests of Node's own http and https, on connections that are kept: a tenth of what its `fetch` costs.
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as requestOverHttp } from 'node:http'
import { request as requestOverHttps, Agent as TlsAgent } from 'node:https'
import type { Socket } from 'node:net'
import { urlToHttpOptions } from 'node:url'
import type { SentRequest, Transport } from '../transport.js'
import { answerOf } from './answer.js'

/** As of Node's fetch. A connection that comes about later has carried nothing, so an append was surely not stored. */
const CONNECT_MS = 10_000

const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308])

/** The connections are of this transport alone. Those that are idle let the process end. */
export function nodeTransport(fetch: Transport): Transport {
  const kept = { keepAlive: true, ...proxied() }
  const plain = new Agent(kept)
  const secure = new TlsAgent(kept)
  return async (url, asked) => {
    const answer = await (url.protocol === 'https:'
      ? send(requestOverHttps, secure, url, asked)
      : send(requestOverHttp, plain, url, asked))
    if (!REDIRECTS.has(answer.statusCode) || answer.headers.location === undefined) return answerOf(answer)
    // Which redirects are followed, with which method and headers, is a matter of many rules: fetch has them.
    answer.destroy()
    return fetch(url, asked)
  }
}

/** Node sends through the proxy of the environment where it was told to (24.5 and newer), as its fetch does. */
function proxied(): object {
  return process.env['NODE_USE_ENV_PROXY'] === '1' ? { proxyEnv: process.env } : {}
}

type Requesting = typeof requestOverHttp

function send(
  requesting: Requesting,
  agent: Agent,
  url: URL,
  { method, headers, body, signal }: SentRequest,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const bytes = body === undefined ? undefined : Buffer.from(body)
    const more: OutgoingHttpHeaders = { 'accept-encoding': 'gzip, deflate, br' }
    if (bytes !== undefined) more['content-length'] = bytes.length
    const request = requesting({ ...urlToHttpOptions(url), method, agent, headers: { ...headers, ...more } })
    let answer: IncomingMessage | undefined
    const stop = () => {
      if (answer === undefined) request.destroy(signal.reason)
      // The connection of an answer that has come whole serves others by now.
      else if (!answer.complete) answer.destroy(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    request.once('close', () => signal.removeEventListener('abort', stop))
    request.once('socket', socket => limitConnecting(socket, request))
    request.once('response', incoming => {
      answer = incoming
      resolve(incoming)
    })
    request.on('error', reject)
    request.end(bytes)
  })
}

function limitConnecting(socket: Socket, request: { destroy(error: Error): void }): void {
  if (!socket.connecting) return
  const timer = setTimeout(() => {
    const late = new Error(`no connection within ${CONNECT_MS} ms`)
    request.destroy(Object.assign(late, { code: 'CONNECT_TIMEOUT' }))
  }, CONNECT_MS)
  const end = () => clearTimeout(timer)
  socket.once('connect', end).once('close', end)
}
