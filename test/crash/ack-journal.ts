// The journal kept beside a store: what was asked of it, what it answered, what readers saw, and whether all that still holds.

import { ERRORS, type ErrorCode, type Outcome } from '../../src/contract/errors.js'
import type { JsonObject, RecordedEvent } from '../../src/contract/event.js'
import { compareIds, type IdParts, parseId } from '../../src/contract/event-id.js'
import type { Appended, AppendRequest, EventStore } from '../../src/contract/event-store.js'

export interface Attempt {
  readonly number: number
  readonly request: AppendRequest
  /** Unanswered when the process died first, or when the answer is not worth remembering. */
  outcome: 'unanswered' | 'stored' | Outcome
  answer?: Appended
  code?: string
}

export class Broken extends Error {
  override readonly name = 'Broken'
}

export function must(holds: boolean, complaint: () => string): asserts holds {
  if (!holds) throw new Broken(complaint())
}

/** The code of a catalogued error; anything else that a store throws is a defect. */
export function cataloguedCode(error: unknown): ErrorCode {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  must(
    Object.hasOwn(ERRORS, code) && (error as Error).name === 'StoreError',
    () => `not in the catalogue: ${trail(error)}`,
  )
  return code as ErrorCode
}

export function trail(error: unknown): string {
  if (!(typeof error === 'object' && error !== null && 'message' in error)) return String(error)
  const { stack, cause } = error as { stack?: string; cause?: unknown }
  return `${stack ?? String(error)}${cause === undefined ? '' : `\n  because of ${trail(cause)}`}`
}

export class AckJournal {
  readonly attempts: Attempt[] = []
  private readonly seen = new Map<number, string>()

  begin(
    request: Omit<AppendRequest, 'events'>,
    events: readonly { readonly stream: string; readonly filler?: number }[],
  ): Attempt {
    const number = this.attempts.length
    const drafts = events.map(({ stream, filler = 0 }, at) => ({
      type: at === 0 ? 'begun' : 'continued',
      stream,
      tags: [`t${number % 3}`],
      data: { attempt: number, at, filler: 'x'.repeat(filler) },
    }))
    const attempt: Attempt = { number, request: { ...request, events: drafts }, outcome: 'unanswered' }
    this.attempts.push(attempt)
    return attempt
  }

  stored(attempt: Attempt, answer: Appended): void {
    attempt.outcome = 'stored'
    attempt.answer = answer
  }

  refused(attempt: Attempt, error: unknown): void {
    const code = cataloguedCode(error)
    attempt.code = code
    attempt.outcome = ERRORS[code].outcome
  }

  saw(event: RecordedEvent): void {
    this.seen.set(event.position, fingerprint(event))
  }

  /** All that a store may never break, held against everything it can read now. */
  check(events: readonly RecordedEvent[]): void {
    this.checkOrder(events)
    const found = this.checkAttempts(events)
    for (const attempt of this.attempts) this.checkAnswer(attempt, found.get(attempt.number))
    for (const [position, seen] of this.seen) {
      const event = events[position - 1]
      must(event !== undefined, () => `position ${position} was read and then vanished`)
      must(
        fingerprint(event) === seen,
        () => `position ${position} was read as ${seen} and is now ${fingerprint(event)}`,
      )
    }
  }

  /** Those whose fate their key has to tell. */
  undecided(): Attempt[] {
    return this.attempts.filter(
      ({ outcome, request }) => request.key !== undefined && outcome !== 'stored' && outcome !== 'rejected',
    )
  }

  /** Sends every undecided keyed append again: the answer must agree with what the log holds. */
  async retry(store: EventStore, events: readonly RecordedEvent[]): Promise<number> {
    const undecided = this.undecided()
    for (const attempt of undecided) {
      const present = events.some(event => attemptOf(event) === attempt.number)
      const answer = await store.append(attempt.request)
      must(
        answer.duplicate === present,
        () => `append ${attempt.number} is ${present ? '' : 'not '}stored, its key says otherwise`,
      )
      this.stored(attempt, answer)
    }
    return undecided.length
  }

  private checkOrder(events: readonly RecordedEvent[]): void {
    const revisions = new Map<string, number>()
    let before: IdParts | undefined
    events.forEach((event, at) => {
      must(event.position === at + 1, () => `position ${event.position} stands where ${at + 1} belongs`)
      const revision = (revisions.get(event.stream) ?? -1) + 1
      must(
        event.revision === revision,
        () => `${event.stream} has revision ${event.revision} where ${revision} belongs`,
      )
      revisions.set(event.stream, revision)
      const id = parseId(event.id) as IdParts
      must(
        before === undefined || compareIds(before, id) < 0,
        () => `id ${event.id} at ${event.position} does not rise`,
      )
      before = id
    })
  }

  /** Every event is one that was asked for, whole appends only, each once. */
  private checkAttempts(events: readonly RecordedEvent[]): Map<number, readonly RecordedEvent[]> {
    const found = new Map<number, RecordedEvent[]>()
    for (let at = 0; at < events.length; ) {
      const number = attemptOf(events[at] as RecordedEvent)
      const attempt = this.attempts[number]
      must(attempt !== undefined, () => `position ${at + 1} holds an event nobody appended`)
      must(!found.has(number), () => `append ${number} is stored twice, again at position ${at + 1}`)
      const { events: wanted } = attempt.request
      const held = events.slice(at, at + wanted.length)
      held.forEach((event, i) => {
        const same = attemptOf(event) === number && sameText(event.data, wanted[i]?.data as JsonObject)
        must(
          same && event.stream === wanted[i]?.stream,
          () => `append ${number} is not whole at position ${event.position}`,
        )
      })
      must(
        held.length === wanted.length,
        () => `append ${number} is cut off: ${held.length} of ${wanted.length} events`,
      )
      found.set(number, held)
      at += held.length
    }
    return found
  }

  private checkAnswer({ number, outcome, answer, code }: Attempt, held: readonly RecordedEvent[] | undefined): void {
    if (outcome === 'rejected')
      must(held === undefined, () => `append ${number} was rejected (${code}) and yet it is stored`)
    if (outcome !== 'stored' || answer === undefined) return
    must(held !== undefined, () => `append ${number} was acknowledged at position ${answer.firstPosition} and is lost`)
    held.forEach((event, i) => {
      const { id, position, stream, revision, timestamp } = event
      const said = answer.events[i]
      const same = sameText({ id, position, stream, revision, timestamp }, { ...said } as unknown as JsonObject)
      must(same, () => `append ${number} was answered ${JSON.stringify(said)} and is now ${fingerprint(event)}`)
    })
  }
}

function attemptOf(event: RecordedEvent): number {
  return Number(event.data['attempt'])
}

function sameText(one: JsonObject, other: JsonObject): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** All a record says, as one text. */
export function fingerprint(event: RecordedEvent): string {
  return JSON.stringify(event)
}
