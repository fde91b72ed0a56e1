// What writers that were killed had asked for and been told, held against what the store says afterwards.

import { ERRORS } from '../../src/contract/errors.js'
import type { RecordedEvent } from '../../src/contract/event.js'
import { compareIds, type IdParts, parseId } from '../../src/contract/event-id.js'
import type { Appended, AppendedEvent, EventStore } from '../../src/contract/event-store.js'
import { must } from './ack-journal.js'
import { type Asked, type Report, requestOf } from './writer-reports.js'

/** `absent`: the log was read and did not hold it, so it may never appear again. */
type Fate = 'in doubt' | 'stored' | 'rejected' | 'absent'

interface Page {
  readonly asked: Asked
  fate: Fate
  events?: readonly AppendedEvent[]
}

/** What an append is remembered by inside its events. */
interface Mark {
  readonly append: string
  readonly at: number
}

export class KillRecord {
  acknowledged = 0
  /** Events of appends that were sent and never answered, and how many of those turned out to be stored. */
  inDoubt = 0
  inDoubtStored = 0
  retried = 0
  private readonly pages = new Map<string, Page>()

  note(reports: readonly Report[]): void {
    for (const report of reports) this.noteOne(report)
  }

  /** Everything that must hold between what was told and what is there. */
  check(events: readonly RecordedEvent[]): void {
    checkOrder(events)
    const found = this.findAppends(events)
    for (const page of this.pages.values()) this.settle(page, found.get(page.asked.append))
  }

  /** Sends keyed appends in doubt again: stored ones must be known by their key, others must now be stored. */
  async retry(store: EventStore, doubtful: ReadonlySet<string>): Promise<void> {
    for (const append of doubtful) {
      const page = this.pages.get(append) as Page
      const before = page.fate
      const answer: Appended = await store.append(requestOf(page.asked))
      must(answer.duplicate === (before === 'stored'), () => `${append} is ${before}, and its key says otherwise`)
      page.fate = 'stored'
      page.events = answer.events
      this.retried++
    }
  }

  /** Keyed appends nobody has had an answer to. */
  doubtful(): Set<string> {
    const doubtful = [...this.pages.values()].filter(
      ({ fate, asked }) => fate === 'in doubt' && asked.key !== undefined,
    )
    return new Set(doubtful.map(({ asked }) => asked.append))
  }

  private noteOne(report: Report): void {
    if (report.is === 'sent') this.pages.set(report.append, { asked: report, fate: 'in doubt' })
    if (report.is === 'stored') {
      const page = this.pages.get(report.append) as Page
      page.fate = 'stored'
      page.events = report.events
      this.acknowledged += report.events.length
    }
    if (report.is === 'refused') {
      const { code, append, message } = report
      must(code !== 'UNKNOWN' && code !== 'INTERNAL', () => `${append} was refused without a known code: ${message}`)
      if (ERRORS[code as keyof typeof ERRORS].outcome === 'rejected') (this.pages.get(append) as Page).fate = 'rejected'
    }
  }

  private findAppends(events: readonly RecordedEvent[]): Map<string, readonly RecordedEvent[]> {
    const found = new Map<string, readonly RecordedEvent[]>()
    for (let at = 0; at < events.length; ) {
      const { append } = markOf(events[at] as RecordedEvent)
      const page = this.pages.get(append)
      must(page !== undefined, () => `position ${at + 1} holds ${append}, which nobody appended`)
      must(!found.has(append), () => `${append} is stored twice, again at position ${at + 1}`)
      const held = events.slice(at, at + page.asked.streams.length)
      checkWhole(page.asked, held)
      found.set(append, held)
      at += held.length
    }
    return found
  }

  private settle(page: Page, held: readonly RecordedEvent[] | undefined): void {
    const { fate, asked, events } = page
    const { append } = asked
    if (fate === 'rejected' || fate === 'absent') must(held === undefined, () => `${append} was ${fate} and is stored`)
    if (fate === 'in doubt') {
      this.inDoubt += asked.streams.length
      page.fate = held === undefined ? 'absent' : 'stored'
      if (held !== undefined) {
        this.inDoubtStored += held.length
        page.events = held.map(answerOf)
      }
    }
    if (fate !== 'stored') return
    must(held !== undefined, () => `${append} was acknowledged at position ${events?.[0]?.position} and is lost`)
    const [said, is] = [JSON.stringify(events), JSON.stringify(held.map(answerOf))]
    must(said === is, () => `${append} was answered ${said} and is now ${is}`)
  }
}

function checkOrder(events: readonly RecordedEvent[]): void {
  const revisions = new Map<string, number>()
  let before: IdParts | undefined
  events.forEach((event, at) => {
    must(event.position === at + 1, () => `position ${event.position} stands where ${at + 1} belongs`)
    const revision = (revisions.get(event.stream) ?? -1) + 1
    must(event.revision === revision, () => `${event.stream} has revision ${event.revision} instead of ${revision}`)
    revisions.set(event.stream, revision)
    const id = parseId(event.id) as IdParts
    must(before === undefined || compareIds(before, id) < 0, () => `id ${event.id} at ${event.position} does not rise`)
    before = id
  })
}

function checkWhole(asked: Asked, held: readonly RecordedEvent[]): void {
  const wanted = requestOf(asked).events
  must(held.length === wanted.length, () => `${asked.append} is cut off: ${held.length} of ${wanted.length} events`)
  held.forEach((event, at) => {
    const { stream, type, data } = wanted[at] as (typeof wanted)[number]
    const same = event.stream === stream && event.type === type && JSON.stringify(event.data) === JSON.stringify(data)
    must(same, () => `position ${event.position} is not event ${at} of ${asked.append} as it was sent`)
  })
}

function markOf(event: RecordedEvent): Mark {
  return event.data as unknown as Mark
}

function answerOf({ id, position, stream, revision, timestamp }: RecordedEvent): AppendedEvent {
  return { id, position, stream, revision, timestamp }
}
