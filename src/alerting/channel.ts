// The request that a channel makes of a notice, and what came of it: told, to be tried again, or refused.

import type { Notice } from './notice.js'
import type { ChannelName } from './route.js'

export interface ChannelRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Channel {
  readonly name: ChannelName
  readonly request: (notice: Notice, nowMs: number) => ChannelRequest
  /** What a channel says in an answer of 2xx: why it did not take the notice, and what it calls the message. */
  readonly read: (answer: string) => { readonly fault?: string; readonly ref?: string }
}

export interface Delivered {
  readonly outcome: 'delivered' | 'rate_limited' | 'failed'
  /** How long the channel asks not to be asked again. */
  readonly retryAfterMs?: number
  readonly ref?: string
  readonly fault?: string
}

const PATIENCE_MS = 10_000
const LONGEST_RETRY_MS = 3_600_000

/** Never rejects. */
export async function deliver(channel: Channel, notice: Notice, stopped: AbortSignal): Promise<Delivered> {
  const { url, headers, body } = channel.request(notice, Date.now())
  try {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(PATIENCE_MS)])
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' })
    const text = await answer.text()
    const retryAfterMs = retryAfterOf(answer.headers.get('retry-after'))
    const later = retryAfterMs === undefined ? {} : { retryAfterMs }
    if (answer.status === 429) return { outcome: 'rate_limited', fault: 'it answered 429', ...later }
    if (!answer.ok) return { outcome: 'failed', fault: `it answered ${answer.status}`, ...later }
    const { fault, ref } = channel.read(text)
    if (fault !== undefined) return { outcome: 'failed', fault }
    return ref === undefined ? { outcome: 'delivered' } : { outcome: 'delivered', ref }
  } catch (error) {
    return { outcome: 'failed', fault: reasonOf(error) }
  }
}

/** Seconds or a date. */
function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_MS)
}

/** The code of a system error: its message could hold the address, which for webhooks may be a secret. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } }
  return typeof cause?.code === 'string'
    ? cause.code
    : name === 'TimeoutError'
      ? 'it did not answer'
      : 'it cannot be reached'
}
