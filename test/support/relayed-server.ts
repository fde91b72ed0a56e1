// Two HTTP servers in this process as two threads have them: a writer, and a front that hands over to it what it does not answer.
import { once } from 'node:events'
import { connect } from 'node:net'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Type } from '@nestjs/common'
import type { Settings } from '../../src/config/settings.js'
import type { HttpAdapter } from '../../src/server/http-server.js'
import { RelayedRequests } from '../../src/server/relay/relayed-requests.js'
import { RequestRelay } from '../../src/server/relay/request-relay.js'
import { StorageModule } from '../../src/storage/storage.module.js'
import { ThreadCalls } from '../../src/threads/thread-calls.js'
import { type ServerUnderTest, startServer } from './http-server-under-test.js'

export interface RelayedServer {
  /** On a port of its own, too. */
  readonly writer: ServerUnderTest
  readonly front: ServerUnderTest
  readonly relayed: RelayedRequests
  /** The front's end of what joins them. */
  readonly port: MessagePort
  stop(): Promise<void>
}

export interface RelayedServerParts {
  readonly writer: readonly Type[]
  /** What the front answers by itself. */
  readonly front?: readonly Type[]
  readonly settings?: Partial<Settings>
  readonly logged?: { readonly writer: string[]; readonly front: string[] }
}

export async function startRelayedServer(parts: RelayedServerParts): Promise<RelayedServer> {
  const { settings = {}, logged } = parts
  const writer = await startServer(parts.writer, settings, logged?.writer)
  const { port1, port2 } = new MessageChannel()
  const adapter = writer.app.getHttpAdapter() as unknown as HttpAdapter
  const [relayed, relay] = await Promise.all([
    RelayedRequests.serve(adapter, new ThreadCalls(port1)),
    RequestRelay.connect(new ThreadCalls(port2)),
  ])
  const front = await startServer(parts.front ?? [StorageModule], settings, logged?.front, { relay })
  const stop = async () => {
    await front.stop()
    port2.close()
    await writer.stop()
  }
  return { writer, front, relayed, port: port2, stop }
}

/** Sends these bytes to a server and resolves with all that comes until the server closes. */
export async function exchangeBytes(url: string, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let heard = ''
  socket.setEncoding('latin1').on('data', text => (heard += text))
  socket.on('error', () => undefined)
  socket.write(bytes)
  await once(socket, 'close')
  return heard
}
