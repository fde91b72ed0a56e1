// What an attacker does over the stream: frames that never end, frames of many keys, subscriptions whose filters are dear.
import { frameBytes, handshakeBytes, OPCODE } from '../support/raw-stream.js'
import { socketTo } from '../support/stream-client.js'
import type { Front } from './front.js'
import { RawSocket, type SocketEnd } from './raw-socket.js'
import { globsOf, targetOf } from './request-attacks.js'

const MIB = 1024 * 1024
const HELD_MS = 6_000
const GLOBS = 100

/** Longer than the deadline for a token. */
async function unfinished(front: Front, attack: string, sockets: number, bytes: number, token?: string): Promise<void> {
  const head = frameBytes({ opcode: OPCODE.text, length: BigInt(bytes) })
  const piece = Buffer.alloc(64 * 1024, 0x20)
  const one = async () => {
    do {
      front.sent(attack)
      const headers = token === undefined ? undefined : { Authorization: `Bearer ${token}` }
      const socket = new RawSocket(front.orders.url, handshakeBytes({ headers: headers ?? {} }), { reads: true })
      const patience = setTimeout(() => socket.cut(), Math.min(HELD_MS, front.holdMs))
      await socket.answer()
      if (socket.status === 101)
        await socket.push(bytes - 2 * piece.length, Buffer.concat([head, piece]), () => front.isOver)
      const end = await socket.end
      clearTimeout(patience)
      front.answered(attack, endOf(end))
      if (end.status !== 101) await front.rest(1_000)
    } while (!front.isOver)
  }
  await Promise.all(Array.from({ length: sockets }, one))
}

/** Held: the server let it stand for as long as the attacker did. */
function endOf({ status, code, closedBy }: SocketEnd): string {
  if (status !== 101) return String(status)
  if (code !== undefined) return `closed ${code}`
  return closedBy === 'server' ? 'cut' : 'held'
}

/** Says one frame to a server that does not know the caller, and waits for the end. */
async function sayOnce(front: Front, attack: string, frame: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = socketTo(front.orders.url, {})
  const patience = setTimeout(() => socket.terminate(), 15_000)
  front.sent(attack)
  socket.on('open', () => socket.send(frame))
  socket.on('error', error => resolve(error.message.slice(0, 60)))
  socket.on('close', code => resolve(`closed ${code}`))
  front.answered(attack, await promise)
  clearTimeout(patience)
}

async function manyKeys(front: Front): Promise<void> {
  const keys = Array.from({ length: 190_000 }, (_, n) => `"key${n}":1`)
  const frame = `{"type":"auth","token":"x",${keys.join(',')}}`
  const one = async () => {
    do {
      await sayOnce(front, 'frames of many keys without a token', frame)
      await front.rest(500)
    } while (!front.isOver)
  }
  await Promise.all(Array.from({ length: front.scaled(10) }, one))
}

/** Connections of a hundred subscriptions each, each of them with a hundred globs. */
async function dearSubscriptions(front: Front): Promise<void> {
  const attack = 'subscriptions of a hundred globs'
  const { url, token } = front.orders
  const filter = { streams: globsOf(GLOBS) }
  const one = async () => {
    do {
      const { promise, resolve } = Promise.withResolvers<string>()
      const socket = socketTo(url, token === undefined ? {} : { authorization: `Bearer ${token}` })
      const enough = setTimeout(() => socket.terminate(), front.holdMs)
      socket.on('open', () => {
        for (let n = 0; n < front.scaled(100); n++) {
          front.sent(attack)
          socket.send(JSON.stringify({ type: 'subscribe', id: `s${n}`, after: 'head', filter }))
        }
      })
      socket.on('message', (bytes: Buffer) => {
        const { type, problem } = JSON.parse(bytes.toString())
        if (type === 'subscribed') front.answered(attack, 'subscribed')
        if (type === 'error' || type === 'closed') front.answered(attack, `error ${problem?.code ?? type}`)
      })
      socket.on('error', () => undefined)
      socket.on('close', code => resolve(`closed ${code}`))
      front.answered(attack, await promise)
      clearTimeout(enough)
      await front.rest(5_000)
    } while (!front.isOver)
  }
  await Promise.all([one(), one(), one(), appendsToTarget(front)])
}

/** What they follow goes on. */
async function appendsToTarget(front: Front): Promise<void> {
  const body = JSON.stringify({ type: 'Hostile.Told', stream: targetOf(front), data: {} })
  await front.loop(1, 1_000, () => front.ask('appends to what they follow', { path: '/v1/events', body }))
}

export const FRAME_ATTACKS: Readonly<Record<string, (front: Front) => Promise<void>>> = {
  'unfinished frames': front => unfinished(front, 'unfinished frames without a token', front.scaled(150), 16 * MIB),
  'unfinished frames with a token': async front => {
    const { token } = front.orders
    if (token !== undefined)
      await unfinished(front, 'unfinished frames with a token', front.scaled(20), 10 * MIB, token)
  },
  'frames of many keys': manyKeys,
  'dear subscriptions': dearSubscriptions,
}
