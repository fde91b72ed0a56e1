// A running server as the commands use it: its export, appends to it, and its refusals as errors.
import { setTimeout as wait } from 'node:timers/promises'
import { isObject } from '../contract/check/field-checks.js'
import { ERRORS, type ErrorCode, StoreError } from '../contract/errors.js'
import { linesOf } from '../transfer/read-export.js'
import type { RenumberedBatch } from '../transfer/renumber.js'
import { Usage } from './usage-error.js'

/** A request that is answered with Retry-After is repeated at most this often. */
const TRIES = 20
const LONGEST_WAIT_SECONDS = 60

export class Remote {
  private readonly address: URL
  private readonly token: string

  constructor(
    private readonly url: string,
    token: string | undefined,
  ) {
    if (!URL.canParse(url) || !/^https?:/.test(url))
      throw new Usage('--url takes an address such as http://127.0.0.1:8765')
    this.address = new URL(url)
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
      throw new StoreError('STORAGE_UNAVAILABLE', `the export was cut off: ${String(cause)}`, { cause })
    }
    if (!isEnd(last)) throw new StoreError('STORAGE_UNAVAILABLE', `the export was cut off: ${last.slice(0, 300)}`)
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
        throw new StoreError('STORAGE_UNAVAILABLE', `${this.url} cannot be reached`, { cause })
      })
      if (answer.ok) return answer
      const seconds = Number(answer.headers.get('retry-after'))
      const error = refusalIn(await answer.json().catch(() => undefined), answer.status)
      if (!(seconds > 0) || left === 0) throw error
      await wait(Math.min(seconds, LONGEST_WAIT_SECONDS) * 1000)
    }
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

function refusalIn(problem: unknown, status: number): StoreError {
  const { code, detail } = isObject(problem) ? problem : {}
  const known = typeof code === 'string' && Object.hasOwn(ERRORS, code)
  const said = typeof detail === 'string' ? detail : `the server answers ${status}`
  return new StoreError(known ? (code as ErrorCode) : 'INTERNAL', said)
}
