// Whether a token may append what it asks for, and what it may learn of events that stood in its way. Pure but for one look-up.
import type { Access } from '../auth/access.js'
import { isServiceStream, streamFault } from '../contract/check-names.js'
import { StoreError, type Violation } from '../contract/errors.js'
import type { EventStore } from '../contract/event-store.js'
import { isObject } from '../contract/field-checks.js'
import type { AskedAppend } from './append-body.js'

/** Looks at names that can be one only: what is malformed is for the store to refuse, with its reasons. */
export function checkWriteScope(access: Access, { events, expectations }: AskedAppend): void {
  let checked: unknown
  for (const stream of streamsOf(events)) {
    if (stream === checked || streamFault(stream) !== undefined) continue
    if (isServiceStream(stream)) forbid(`Only the service itself writes to ${stream}.`)
    if (!access.covers('events.write', stream)) forbid(`The scope events.write of this token does not cover ${stream}.`)
    checked = stream
  }
  for (const stream of streamsOf(expectations)) {
    if (streamFault(stream) !== undefined) continue
    if (access.covers('events.write', stream) || access.covers('events.read', stream)) continue
    forbid(`Neither events.write nor events.read of this token covers ${stream}, of which a revision is expected.`)
  }
}

function* streamsOf(list: unknown): Generator<string> {
  if (!Array.isArray(list)) return
  for (const item of list) {
    if (isObject(item) && typeof item['stream'] === 'string') yield item['stream']
  }
}

function forbid(detail: string): never {
  throw new StoreError('FORBIDDEN', detail)
}

const HIDDEN = 'matches an event that this token may not read'

/** A condition counts every event, but the one that broke it is described only to who may read it. */
export async function withoutHidden(error: StoreError, access: Access, store: EventStore): Promise<StoreError> {
  const violations: Violation[] = []
  for (const violation of error.violations) {
    if (violation.kind === 'revision' || (await maySee(violation.position, access, store))) violations.push(violation)
  }
  if (violations.length === error.violations.length) return error
  const told = violations.map(violation =>
    violation.kind === 'revision'
      ? `stream ${violation.stream} is at revision ${violation.actual}, expected ${violation.expected}; `
      : '',
  )
  const errors = [...error.errors, { pointer: '/condition', detail: HIDDEN }]
  return new StoreError(error.code, `${told.join('')}the condition ${HIDDEN}`, { violations, errors })
}

async function maySee(position: number, access: Access, store: EventStore): Promise<boolean> {
  // What cannot be read cannot be shown to be readable.
  const event = await store.find(position).catch(() => undefined)
  return event !== undefined && access.covers('events.read', event.stream)
}
