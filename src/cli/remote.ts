// A running server as the commands use it: its export, appends to it, and its refusals as errors.
import { setTimeout as wait } from 'node:timers/promises'
import { isObject } from '../contract/check/field-checks.js'
import { ERRORS, type ErrorCode, StoreError } from '../contract/errors.js'
import { linesOf } from '../transfer/read-export.js'
import type { RenumberedBatch } from '../transfer/renumber.js'
import { notOurs, unanswered } from './no-answer.js'
import { NoServer, Usage } from './usage-error.js'

/** A request that is answered with Retry-After is repeated at most this often. */
const TRIES = 20
const LONGEST_WAIT_SECONDS = 60

export class Remote {
  private readonly address: URL
  private readonly token: string
  private readonly asked: { readonly url: string; readonly from: string }

  constructor(
    private readonly url: string,
    token: string | undefined,
  ) {
    if (!URL.canParse(url) || !/^https?:/.test(url))
      throw new Usage('--url takes an address such as http://127.0.0.1:8765')
    this.address = new URL(url)
    this.asked = { url, from: '--url' }
    // What is asked is below the last slash.
    if (!this.address.pathname.endsWith('/')) this.address.pathname += '/'
    this.token = token ?? process.env['LIGHTHOUSE_TOKEN'] ?? ''
    if (this.token === '') throw new Usage('a token is missing: give --token, or set LIGHTHOUSE_TOKEN')
  }

  /** The frames of an export; throws when the export does not reach its end frame. */
  async *frames(after: number): AsyncGenerator<string, void, void> {
    const { body } = await this.ask(`v1/export?after=${after}`, { headers: { accept: 'application/x-ndjson' } })
    let last = ''
    try {
      for await (const line of linesOf(chunksOf(body))) {
        if (last !== '') yield last
        last = line.toString('utf8')
      }
    } catch (cause) {
      // A line that is too long has come, and is not cut off.
      if (cause instanceof StoreError) throw cause
      throw cutOff(this.url, String(cause))
    }
    if (!isEnd(last)) throw cutOff(this.url, last.slice(0, 300))
    yield last
  }

  /** Sends the batch under its key, so it is stored once however often it is sent. The token decides the author. */
  async append({ events, key }: RenumberedBatch): Promise<readonly string[]> {
    const answer = await this.ask('v1/events/batch', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ events }),
    })
    const stored = (await answer.json()) as { events: readonly { id: string }[] }
    return stored.events.map(({ id }) => id)
  }

  private async ask(path: string, request: RequestInit): Promise<Response> {
    const headers = { ...(request.headers as Record<string, string>), authorization: `Bearer ${this.token}` }
    for (let left = TRIES; ; left--) {
      const answer = await fetch(new URL(path, this.address), { ...request, headers }).catch((cause: unknown) => {
        throw unanswered(this.asked, cause)
      })
      if (answer.ok) return answer
      const seconds = Number(answer.headers.get('retry-after'))
      if (!(seconds > 0) || left === 0) throw await this.refusal(answer)
      await answer.body?.cancel()
      await wait(Math.min(seconds, LONGEST_WAIT_SECONDS) * 1000)
    }
  }

  /** The problem in an answer; what has none comes from something else than Lighthouse. */
  private async refusal(answer: Response): Promise<Error> {
    const problem: unknown = await answer.json().catch(() => undefined)
    const { code, detail } = isObject(problem) ? problem : {}
    if (typeof code !== 'string') return notOurs(this.asked, answer.status)
    // A newer server may have codes that are not known here.
    return new StoreError(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'INTERNAL', String(detail ?? code))
  }
}

/** The last line may be half of one, and half an end looks much like an end. */
function isEnd(line: string): boolean {
  try {
    const frame: unknown = JSON.parse(line)
    return isObject(frame) && frame['type'] === 'end'
  } catch {
    return false
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Buffer, void, void> {
  if (body === null) return
  for await (const chunk of body) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

function cutOff(url: string, last: string): NoServer {
  return new NoServer(
    `From ${url} the export was cut off: ${last}\nNext: run it again; --after goes on behind a position.`,
  )
}
