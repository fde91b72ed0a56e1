// Sends one odd input to a server and judges what comes back; undefined when nothing is wrong with it.
import { connect, type Socket } from 'node:net'
import { ERRORS } from '../../src/contract/errors.js'
import { FRAME_LIMITS } from '../../src/streaming/frame-limits.js'
import { RawStream } from '../support/raw-stream.js'
import { type OddStream, pingOf } from './odd-frames.js'
import type { OddRequest } from './odd-requests.js'

const PATIENCE_MS = 45_000
/** Of an answer that goes on for ever only its head is looked at. */
const HEAD_END = '\r\n\r\n'
/** Why a server in good health may answer 5xx: it has too much to do. */
const EXPLAINED = new Set(['OVERLOADED'])
/** 1000 to 1009 but 1005 and 1006, which no frame may carry, and our own. */
const CLOSES = new Set([1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 4400, 4401])

interface Endpoint {
  readonly url: string
  /** Failed tokens are counted by address: each input may come from another one. */
  readonly from: string
}

export async function exchangeRequest({ url, from }: Endpoint, { bytes }: OddRequest): Promise<string | undefined> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), localAddress: from, noDelay: true })
  socket.write(bytes)
  try {
    return faultOfAnswer(await answerOf(socket), bytes.toString('latin1', 0, 5).startsWith('HEAD '))
  } catch (error) {
    return (error as Error).message
  } finally {
    socket.destroy()
  }
}

/** A good answer is over with its head; a problem with its body. */
function answerOf(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const patience = setTimeout(() => reject(new Error('no answer in time')), PATIENCE_MS)
    const settle = (error?: Error) => {
      clearTimeout(patience)
      const all = Buffer.concat(chunks)
      if (all.includes(HEAD_END)) resolve(all)
      else reject(error ?? new Error('the connection ended without an answer'))
    }
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const head = chunks[0]?.toString('latin1', 9, 10)
      if ((head === '2' || head === '3') && Buffer.concat(chunks).includes(HEAD_END)) settle()
    })
    socket.on('error', settle)
    socket.on('close', () => settle())
  })
}

function faultOfAnswer(answer: Buffer, headOnly: boolean): string | undefined {
  const end = answer.indexOf(HEAD_END)
  const head = answer.toString('latin1', 0, end)
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0)
  if (status >= 200 && status < 400) return undefined
  if (status < 400) return `an answer that is none: ${head.slice(0, 100)}`
  if (headOnly) return status >= 500 ? `${status} to HEAD` : undefined
  if (/^content-type: application\/json/im.test(head))
    return status === 503 ? undefined : `${status} that is no problem`
  const body = answer.toString('utf8', end + HEAD_END.length)
  const code = codeOf(body)
  if (code === undefined || !Object.hasOwn(ERRORS, code)) return `${status} without a known code: ${body.slice(0, 200)}`
  return status >= 500 && !EXPLAINED.has(code) ? `${status} ${code}: ${body.slice(0, 300)}` : undefined
}

function codeOf(problem: string): string | undefined {
  try {
    const { code, status } = JSON.parse(problem) as { readonly code?: string; readonly status?: number }
    return typeof status === 'number' ? code : undefined
  } catch {
    return undefined
  }
}

export async function exchangeFrames({ url, from }: Endpoint, stream: OddStream): Promise<string | undefined> {
  const client = await RawStream.open(url, stream.handshake, from)
  const patience = setTimeout(() => client.cut(), PATIENCE_MS)
  try {
    client.write(...stream.frames, pingOf(stream.form))
    const { status, code, texts } = await client.outcome(
      outcome =>
        (outcome.status !== undefined && outcome.status !== 101) ||
        outcome.code !== undefined ||
        outcome.texts.some(text => text.includes('heartbeat')),
    )
    // The system resets a connection that is closed with bytes unread, and a refusal is lost to whoever went on sending.
    if (status === undefined) return isFlood(stream) ? undefined : 'the handshake was not answered'
    if (status !== 101) return status >= 500 ? `handshake: ${status}` : undefined
    if (code !== undefined) return CLOSES.has(code) ? undefined : `closed with ${code}`
    if (!texts.some(text => text.includes('heartbeat'))) return 'neither answered nor closed'
    return texts.some(text => text.includes('INTERNAL')) ? `INTERNAL: ${texts.join(' ').slice(0, 300)}` : undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    clearTimeout(patience)
    client.cut()
  }
}

function isFlood({ frames }: OddStream): boolean {
  return frames.reduce((sum, { length }) => sum + length, 0) > FRAME_LIMITS.strangerBytes
}
