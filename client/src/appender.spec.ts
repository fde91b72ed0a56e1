// What an appender sends and how often, on a connection whose other end does as each test says.
import { expect, test } from '@jest/globals'
import { Appender } from './appender.js'
import { Connection } from './connection.js'
import { Retry } from './retry.js'
import type { WebSocketClass, WebSocketLike } from './session.js'
import { Tokens } from './tokens.js'

interface OtherEnd {
  /** Called for each append that arrives, with the number of the connection. */
  readonly appended: (text: string, end: Socket) => void
  readonly welcomed?: (end: Socket) => void
}

type Listener = (event: { readonly data: string; readonly code: number; readonly reason: string }) => void

class Socket implements WebSocketLike {
  private readonly listeners = new Map<string, Listener>()

  constructor(private readonly other: OtherEnd) {
    queueMicrotask(() => this.tell('open'))
  }

  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, listener)
  }

  send(text: string): void {
    const { type } = JSON.parse(text) as { type: string }
    queueMicrotask(() => {
      if (type === 'append') this.other.appended(text, this)
      else if (type === 'auth') {
        this.tell('message', { type: 'welcome' })
        this.other.welcomed?.(this)
      }
    })
  }

  close(): void {}

  breaks(): void {
    this.tell('close')
  }

  tell(type: string, frame: object = {}): void {
    this.listeners.get(type)?.({ data: JSON.stringify(frame), code: 1006, reason: '' })
  }
}

function appenderTo(other: OtherEnd): Appender {
  class Scripted extends Socket {
    constructor() {
      super(other)
    }
  }
  const retry = new Retry({ attempts: 3, firstDelayMs: 0 })
  const webSocket = async () => Scripted as WebSocketClass
  const settings = { url: 'ws://other.example', webSocket, timeoutMs: 60_000, retry }
  return new Appender(new Connection(new Tokens('a token'), settings), {})
}

const event = (data: object) => ({ type: 'Told', stream: 'line', data })

function answer(text: string, end: Socket): void {
  const { id } = JSON.parse(text) as { id: string }
  const place = { id: '1_0_n', position: 1, stream: 'line', revision: 0 }
  end.tell('message', { type: 'appended', id, events: [place], duplicate: false, durability: 'fsync' })
}

test('each append has its tries, whatever failed before it', async () => {
  let sent = 0
  const appender = appenderTo({
    appended: (_, end) => {
      sent++
      end.breaks()
    },
  })
  for (const expected of [3, 6]) {
    await expect(appender.append(event({}))).rejects.toMatchObject({ code: 'NETWORK', outcome: 'indeterminate' })
    expect(sent).toBe(expected)
  }
  await appender.close()
})

test('an append carries the trace it is given, so that not all of a connection are of one', async () => {
  const sent: unknown[] = []
  const appender = appenderTo({
    appended: (text, end) => {
      sent.push((JSON.parse(text) as { traceparent?: string }).traceparent)
      answer(text, end)
    },
  })
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  await appender.append(event({}), { context: { traceparent } })
  await appender.append(event({}))
  expect(sent).toEqual([traceparent, undefined])
  await appender.close()
})

test('connections that break while there is nothing to send are no tries', async () => {
  const idle = Promise.withResolvers<void>()
  let welcomes = 0
  let sent = 0
  const appender = appenderTo({
    welcomed: end => {
      if (++welcomes < 6) end.breaks()
      else idle.resolve()
    },
    appended: (text, end) => (++sent === 1 ? end.breaks() : answer(text, end)),
  })
  await idle.promise
  expect(await appender.append(event({}))).toMatchObject({ position: 1 })
  await appender.close()
})

test('what is under way at once is no more than the server reads, counted in bytes', async () => {
  const waiting: (() => void)[] = []
  let bytes = 0
  let most = 0
  const appender = appenderTo({
    appended: (text, end) => {
      bytes += Buffer.byteLength(text)
      most = Math.max(most, bytes)
      waiting.push(() => {
        bytes -= Buffer.byteLength(text)
        answer(text, end)
      })
      if (waiting.length === 1) setImmediate(() => void waiting.splice(0).map(settle => settle()))
    },
  })
  const wide = event({ text: '€'.repeat(1024 * 1024) })
  await Promise.all(Array.from({ length: 12 }, () => appender.append(wide)))
  expect(most).toBeGreaterThan(8 * 1024 * 1024)
  expect(most).toBeLessThanOrEqual(16 * 1024 * 1024)
  await appender.close()
})
