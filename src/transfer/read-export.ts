// Reads an export line by line and checks its order: positions without gaps, rising ids, and an end that agrees.

import { isObject } from '../contract/check/field-checks.js'
import { StoreError } from '../contract/errors.js'
import { compareIds, type IdParts, parseId } from '../contract/event-id.js'
import { parseJsonBody } from '../wire/json-body.js'
import { type ExportedEvent, readExported, refuseExportLine } from './exported-event.js'

const NEWLINE = 0x0a
/** An event of 1 MiB takes at most half of this as JSON, with its record beside it. */
const LINE_BYTES_MAX = 16 * 1024 * 1024

/** `gaps`: positions may be missing, as in an export of only some events. */
export interface ReadOptions {
  readonly gaps?: boolean
}

/** Throws INVALID_REQUEST with the number of the line. A caller that stops early has not seen the end checked. */
export async function* readExport(
  chunks: AsyncIterable<Buffer>,
  { gaps = false }: ReadOptions = {},
): AsyncGenerator<ExportedEvent, void, void> {
  const order = new Order(gaps)
  let line = 0
  let ended = false
  for await (const bytes of linesOf(chunks)) {
    line++
    if (ended) refuseExportLine(line, 'nothing may follow the end')
    const frame = frameIn(line, bytes)
    if (frame['type'] === 'event') {
      const exported = readExported(line, frame)
      order.next(exported)
      yield exported
    } else if (frame['type'] === 'end') {
      order.end(line, frame)
      ended = true
    } else if (frame['type'] === 'error') {
      refuseExportLine(line, `the export itself has failed: ${JSON.stringify(frame['problem'])}`)
    } else refuseExportLine(line, 'is no frame of an export')
  }
  if (!ended) refuseExportLine(line + 1, 'the file is cut off: an export ends with a frame of type end')
}

function frameIn(line: number, bytes: Buffer): Readonly<Record<string, unknown>> {
  let frame: unknown
  try {
    frame = parseJsonBody(bytes, Number.POSITIVE_INFINITY)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    refuseExportLine(line, error.message.replace('The body', 'it'))
  }
  return isObject(frame) ? frame : refuseExportLine(line, 'is no frame of an export')
}

/** Only a line feed ends a line, because JSON may hold every other character that looks like an end. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let begun: Buffer[] = []
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const rest = chunk.subarray(from, at)
      yield begun.length === 0 ? rest : Buffer.concat([...begun, rest])
      begun = []
      from = at + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
    if (begun.reduce((sum, { length }) => sum + length, 0) > LINE_BYTES_MAX) refuseLongLine()
  }
  if (begun.length > 0) yield Buffer.concat(begun)
}

function refuseLongLine(): never {
  throw new StoreError('INVALID_REQUEST', `a line has more than ${LINE_BYTES_MAX} bytes: that is no export`)
}

class Order {
  private count = 0
  private first = 0
  private last = 0
  private lastId: IdParts | undefined
  private readonly revisions = new Map<string, number>()

  constructor(private readonly gaps: boolean) {}

  next({ line, event }: ExportedEvent): void {
    const { position, id, stream, revision } = event
    if (this.count === 0) this.first = position
    else if (this.gaps ? position <= this.last : position !== this.last + 1)
      refuseExportLine(line, `position ${position} follows position ${this.last}`)
    const parts = parseId(id) as IdParts
    if (this.lastId !== undefined && compareIds(this.lastId, parts) >= 0)
      refuseExportLine(line, `the id ${id} is not greater than the one before`)
    const known = this.revisions.get(stream) ?? (this.first === 1 && !this.gaps ? -1 : undefined)
    if (known !== undefined && (this.gaps ? revision <= known : revision !== known + 1))
      refuseExportLine(line, `revision ${revision} of ${stream} follows revision ${known}`)
    this.revisions.set(stream, revision)
    this.lastId = parts
    this.last = position
    this.count++
  }

  end(line: number, { position, count }: Readonly<Record<string, unknown>>): void {
    if (count !== this.count) refuseExportLine(line, `the end tells of ${String(count)} events, and ${this.count} came`)
    const agrees = this.gaps || this.count === 0 ? Number(position) >= this.last : position === this.last
    if (!agrees)
      refuseExportLine(line, `the end is at position ${String(position)}, and the last event at ${this.last}`)
  }
}
