// Servers whose sockets are served by front threads: a writer under test, and front applications joined to it by ports.
import { MessageChannel } from 'node:worker_threads'
import type { Settings } from '../../src/config/settings.js'
import { EventsModule } from '../../src/events/events.module.js'
import { ConsumerRelayModule } from '../../src/groups/consumer-relay.module.js'
import { GroupsModule } from '../../src/groups/groups.module.js'
import { ThreadConsumers } from '../../src/groups/websocket/thread-consumers.service.js'
import { ThisThread } from '../../src/threads/this-thread.js'
import { ThreadCalls } from '../../src/threads/thread-calls.js'
import { WebSocketModule } from '../../src/websocket/websocket.module.js'
import { type ServerUnderTest, startServer } from './http-server-under-test.js'

/**
 * A front application over a store of its own, which is empty: the frames of groups ask nothing of it. It says no more
 * than that of the log, so a test may not ask it for the head.
 */
export function startFront(thread: ThisThread, more: Partial<Settings> = {}): Promise<ServerUnderTest> {
  return startServer([ConsumerRelayModule, EventsModule, WebSocketModule], more, undefined, { thread })
}

export function startWriter(more: Partial<Settings> = {}): Promise<ServerUnderTest> {
  return startServer([GroupsModule, EventsModule, WebSocketModule], more)
}

export interface Front extends ServerUnderTest {
  /** What the writer asks and tells this front; closing it is the end of either, as the other sees it. */
  readonly calls: ThreadCalls
}

/** A front in this process. */
export async function addFront(writer: ServerUnderTest, more: Partial<Settings> = {}): Promise<Front> {
  const { port1, port2 } = new MessageChannel()
  const calls = new ThreadCalls(port1)
  writer.app.get(ThreadConsumers, { strict: false }).serve(calls)
  const front = await startFront(new ThisThread(1, new ThreadCalls(port2)), more)
  const stop = async () => {
    await front.stop()
    calls.close()
  }
  return { ...front, calls, stop }
}

/** As one server: sockets are opened at a front, and everything else is the writer's. */
export async function startFronted(more: Partial<Settings> = {}): Promise<ServerUnderTest> {
  const writer = await startWriter(more)
  const front = await addFront(writer, more)
  const stop = async () => {
    await front.stop()
    await writer.stop()
  }
  return { ...writer, url: front.url, stop }
}
