// Events of an export as appends to a store that has events of its own: in batches, with links to their new ids. Pure.
import { hash } from 'node:crypto'
import { isServiceStream } from '../contract/check/check-names.js'
import type { Author, NewEvent, SaidEvent } from '../contract/event.js'
import { authorIn, type ExportedEvent, newEventIn } from './exported-event.js'

/** What one role of those that import may append at once. */
const BATCH_EVENTS = 100
const BATCH_CHARS = 1024 * 1024

export interface RenumberedBatch {
  /** The ids the events had. */
  readonly ids: readonly string[]
  readonly events: readonly NewEvent[]
  readonly author: Author
  /** The same for the same events, whenever they are imported. */
  readonly key: string
}

export interface RenumberReport {
  appended: number
  /** Of streams that only the service writes: they tell of another store. */
  leftOut: number
  /** Links to events that are not among those imported, kept as they were. */
  foreignLinks: number
}

/** Appends a batch and answers the ids its events now have. */
export type AppendBatch = (batch: RenumberedBatch) => Promise<readonly string[]>

/**
 * Batches are cut by what is in the export alone, so that a second run makes the same ones. An event that names another
 * of its own batch begins the next: its cause has to have an id first.
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

/** When it was recorded there is when it happened, as far as anybody here will know. */
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
