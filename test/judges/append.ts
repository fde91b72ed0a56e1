// Appends one event whose data was written by somebody else, byte for byte, and tells what became of it.
import { ERRORS } from '../../src/contract/errors.js'
import { ADMIN, bearerOf, type ServerUnderTest } from '../support/http-server-under-test.js'

export const ACCEPTED = 'accepted'
export const REFUSED = 'refused'

export interface Fate {
  /** `accepted`, `refused`, or what else happened, in words. */
  readonly verdict: string
  /** What was read back of an event that was accepted: the `value` of its data. */
  readonly value?: unknown
  /** The code of the problem by which it was refused. */
  readonly code?: string
}

type Server = Pick<ServerUnderTest, 'url'>

/** Each has its own stream, so that none hides another. */
export async function fateOf({ url }: Server, contentType: string, body: Uint8Array): Promise<Fate> {
  const authorization = bearerOf(ADMIN)
  const headers = { authorization, 'content-type': contentType }
  const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: body as never })
  if (answer.status !== 201) return refusalOf(answer)
  const { position } = (await answer.json()) as { position: number }
  const read = await fetch(`${url}/v1/events/${position}`, { headers: { authorization } })
  const { data } = (await read.json()) as { data: { value: unknown } }
  return { verdict: ACCEPTED, value: data.value }
}

/** A refusal counts only when whoever sent the body can find out what to change: a known code, and the place or the reason. */
async function refusalOf(answer: Response): Promise<Fate> {
  const type = answer.headers.get('content-type') ?? ''
  const text = await answer.text()
  if (!type.startsWith('application/problem+json')) return { verdict: `${answer.status} without a problem: ${text}` }
  const { code, detail = '' } = JSON.parse(text) as { code: string; detail?: string }
  const isClear = answer.status === 400 && Object.hasOwn(ERRORS, code) && detail.length > 20
  return { verdict: isClear ? REFUSED : `${answer.status} ${code}: ${detail}`, code }
}
