// Makes appends of exported events for a store that has events of its own, with links to the new ids. Pure.
import { hash } from 'node:crypto'
import { isServiceStream } from '../contract/check/check-names.js'
import type { Author, NewEvent, SaidEvent } from '../contract/event.js'
import { authorIn, type ExportedEvent, newEventIn } from './exported-event.js'

/** No role that may append has a smaller batch by default. */
const BATCH_EVENTS = 100
const BATCH_CHARS = 1024 * 1024

export interface RenumberedBatch {
  /** The ids that the events had in the export. */
  readonly ids: readonly string[]
  readonly events: readonly NewEvent[]
  readonly author: Author
  /** The same for the same events, so that a second import within 24 hours stores nothing twice. */
  readonly key: string
}

export interface RenumberReport {
  appended: number
  /** Events of service streams are left out, because they describe the other store. */
  leftOut: number
  /** Links to events outside of the import, which keep the old ids. */
  foreignLinks: number
}

/** Appends a batch and resolves with the new ids of its events, in their order. */
export type AppendBatch = (batch: RenumberedBatch) => Promise<readonly string[]>

/**
 * Batches depend on the export alone, so that a second run makes the same ones. An event that links to another one of
 * its batch begins the next, because the link needs the id that the append assigns.
 */
export async function renumber(
  exported: AsyncIterable<ExportedEvent>,
  append: AppendBatch,
  moved: (from: string, to: string) => void,
): Promise<RenumberReport> {
  const report: RenumberReport = { appended: 0, leftOut: 0, foreignLinks: 0 }
  const ids = new Map<string, string>()
  let batch = new Gathering()
  const flush = async () => {
    if (batch.events.length === 0) return
    const sent = batch.events
    const now = await append(batch.asBatch(event => relinked(event, ids, report)))
    sent.forEach(({ id }, at) => {
      ids.set(id, now[at] as string)
      moved(id, now[at] as string)
    })
    report.appended += sent.length
    batch = new Gathering()
  }
  for await (const { event } of exported) {
    if (isServiceStream(event.stream)) {
      report.leftOut++
      continue
    }
    if (!batch.takes(event)) await flush()
    batch.add(event)
  }
  await flush()
  return report
}

class Gathering {
  readonly events: SaidEvent[] = []
  private readonly ids = new Set<string>()
  private chars = 0
  private author = ''

  takes(event: SaidEvent): boolean {
    if (this.events.length === 0) return true
    const full = this.events.length === BATCH_EVENTS || this.chars >= BATCH_CHARS
    const { causationId, parents = [] } = event
    const linked = this.ids.has(causationId ?? '') || parents.some(id => this.ids.has(id))
    return !full && !linked && JSON.stringify(authorIn(event)) === this.author
  }

  add(event: SaidEvent): void {
    this.author = JSON.stringify(authorIn(event))
    this.events.push(event)
    this.ids.add(event.id)
    this.chars += JSON.stringify(event).length
  }

  asBatch(asNew: (event: SaidEvent) => NewEvent): RenumberedBatch {
    const ids = [...this.ids]
    const key = `import:${hash('sha256', ids.join('\n'), 'base64url')}`
    return { ids, events: this.events.map(asNew), author: authorIn(this.events[0] as SaidEvent), key }
  }
}

/** The time of recording becomes `occurredAt` where none is given, because the new store assigns its own timestamp. */
function relinked(event: SaidEvent, ids: ReadonlyMap<string, string>, report: RenumberReport): NewEvent {
  const link = (id: string) => {
    const now = ids.get(id)
    if (now === undefined) report.foreignLinks++
    return now ?? id
  }
  const { causationId, parents, occurredAt = event.timestamp } = event
  return {
    ...newEventIn(event),
    occurredAt,
    ...(causationId === undefined ? undefined : { causationId: link(causationId) }),
    ...(parents === undefined ? undefined : { parents: parents.map(link) }),
  }
}
