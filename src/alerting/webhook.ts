// The generic webhook: each notice as JSON, signed with the time, so that it can be neither forged nor sent again later.
import { createHmac } from 'node:crypto'
import type { Channel } from './channel.js'

export function webhook(url: string, secret: string): Channel {
  return {
    name: 'webhook',
    request: (notice, nowMs) => signedRequest(url, secret, notice, nowMs),
    read: () => ({}),
  }
}

/** Without a secret it is not signed. */
export function signedRequest(url: string, secret: string, notice: { readonly id: string }, nowMs: number) {
  const body = JSON.stringify(notice)
  const timestamp = String(Math.floor(nowMs / 1_000))
  const headers = {
    'content-type': 'application/json',
    'lighthouse-delivery': notice.id,
    'lighthouse-timestamp': timestamp,
  }
  const signature = { 'lighthouse-signature': `v1=${signatureOf(secret, timestamp, body)}` }
  return { url, body, headers: secret === '' ? headers : { ...headers, ...signature } }
}

/** HMAC-SHA256 of the timestamp, a full stop and the body, in hexadecimal digits. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
}
