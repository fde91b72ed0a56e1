// Appends for a caller: checks its scope and quota, and hides in errors what it may not read.
import { Injectable } from '@nestjs/common'
import { PinoLogger } from 'nestjs-pino'
import type { Access } from '../auth/access.js'
import { Denials } from '../auth/denials.js'
import { Quotas } from '../auth/quotas.js'
import { StoreError } from '../contract/errors.js'
import { type Appended, type AppendRequest, type AppendTerms, EventStore } from '../contract/event-store.js'
import { type AppendBody, type AppendInput, batchAppend, remapPointers } from './append-body.js'
import type { AppendContext } from './append-context.js'
import { checkWriteScope, withoutHidden } from './write-scope.js'

/** A line names so many events of a batch at most. */
const LINE_EVENTS = 10

@Injectable()
export class Appends {
  constructor(
    private readonly store: EventStore,
    private readonly quotas: Quotas,
    private readonly denials: Denials,
    private readonly logger: PinoLogger,
  ) {
    logger.setContext('appending')
  }

  /** Throws at once what the caller may not do; the promise rejects with what the store refuses. */
  append({ asked, pointer }: AppendBody, origin: AppendContext): Promise<Appended> {
    const { access, author, key, bytes } = origin
    checkWriteScope(access, asked)
    const events = Array.isArray(asked.events) ? asked.events.length : 1
    this.quotas.checkBatch(access, events)
    this.quotas.charge(access, { events, bytes })
    const request = key === undefined ? { ...asked, author } : { ...asked, author, key }
    const stored = this.store.append(request, termsOf(asked, access))
    const noted = this.logger.logger.isLevelEnabled('debug') ? this.noted(stored, request, origin) : stored
    return noted.catch((error: unknown) => this.fail(error, { asked, pointer }, origin))
  }

  /** Takes `{events, expectations?, condition?}` that did not come as the body of a request. */
  appendBatch(content: unknown, origin: AppendContext): Promise<Appended> {
    return this.append(batchAppend(content), origin)
  }

  /** One line for each append, for whoever looks for what became of it. */
  private async noted(
    stored: Promise<Appended>,
    { events }: AppendRequest,
    { author, bytes, route, frame }: AppendContext,
  ): Promise<Appended> {
    const begun = performance.now()
    const appended = await stored
    const facts = {
      operation_type: route,
      event_id: appended.events.slice(0, LINE_EVENTS).map(({ id }) => id),
      event_type: [...new Set(events.slice(0, LINE_EVENTS).map(({ type }) => type))],
      event_count: events.length,
      agent_id: author.agentId,
      session_id: events[0]?.sessionId,
      correlation_id: author.correlationId,
      frame_id: frame,
      trace_id: author.traceparent?.slice(3, 35),
      duplicate: appended.duplicate,
      duration_ms: Math.round((performance.now() - begun) * 1000) / 1000,
      size_bytes: bytes,
    }
    this.logger.debug(facts, 'event_appended')
    return appended
  }

  private async fail(error: unknown, { asked, pointer }: AppendBody, { access, route }: AppendContext): Promise<never> {
    if (!(error instanceof StoreError)) throw error
    const told = await withoutHidden(remapPointers(pointer, error), asked, access, this.store)
    if (told.tellsOfHidden) {
      const detail = 'The condition of an append met an event that the token may not read.'
      this.denials.report({ reason: 'HIDDEN_EVENT', who: access.agentId, route, detail })
    }
    throw told.error
  }
}

/** What an operator has to be able to write while the mode takes nothing else. */
const EMERGENCY_TYPES: ReadonlySet<unknown> = new Set([
  'SystemDegradationDetected',
  'DegradationRecovery',
  'EmergencyOperation',
])

const IN_EVERY_MODE: AppendTerms = Object.freeze({ inEveryMode: true })

function termsOf({ events }: AppendInput, access: Access): AppendTerms | undefined {
  if (!access.has('operations.emergency') || !Array.isArray(events)) return undefined
  return events.every(event => EMERGENCY_TYPES.has((event as { type?: unknown } | null)?.type))
    ? IN_EVERY_MODE
    : undefined
}
