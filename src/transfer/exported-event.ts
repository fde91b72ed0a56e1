// Checks a line of an export as strictly as an append: every field present, none unknown, all rules kept. Pure.
import { checkAppend } from '../contract/check/check-append.js'
import { isObject } from '../contract/check/field-checks.js'
import { StoreError } from '../contract/errors.js'
import type { Author, NewEvent, SaidEvent } from '../contract/event.js'
import { formatTimestamp, parseId } from '../contract/event-id.js'

/** An event, its line in the file, and its stored bytes where its fields do not determine them. */
export interface ExportedEvent {
  readonly line: number
  readonly event: SaidEvent
  readonly record?: Uint8Array
}

const ASSIGNED: ReadonlySet<string> = new Set(['id', 'position', 'revision', 'timestamp', 'checksum'])
/** The number of keys is not limited here, because events from before that limit are as good as any. */
const KEYS_OF_OLD = Number.POSITIVE_INFINITY
const OF_AUTHOR: ReadonlySet<string> = new Set(['agentId', 'onBehalfOf', 'traceparent'])
const CHECKSUM = /^[0-9a-f]{64}$/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

export function refuseExportLine(line: number, detail: string): never {
  throw new StoreError('INVALID_REQUEST', `line ${line}: ${detail}`)
}

export function readExported(line: number, frame: Readonly<Record<string, unknown>>): ExportedEvent {
  const { type: _, event, record, ...rest } = frame
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) refuseExportLine(line, `a frame of an event has no ${JSON.stringify(unknown)}`)
  if (!isObject(event)) refuseExportLine(line, 'the frame holds no event')
  mustBePlaced(line, event)
  mustKeepRules(line, event)
  const said = event as unknown as SaidEvent
  if (record === undefined) return { line, event: said }
  if (typeof record !== 'string' || !BASE64.test(record)) refuseExportLine(line, 'record must be base64')
  return { line, event: said, record: Buffer.from(record, 'base64') }
}

function mustBePlaced(line: number, { id, position, revision, timestamp, checksum }: Record<string, unknown>): void {
  const parts = typeof id === 'string' ? parseId(id) : undefined
  if (parts === undefined) refuseExportLine(line, 'id is no event id')
  if (!Number.isSafeInteger(position) || (position as number) < 1) refuseExportLine(line, 'position must be at least 1')
  if (!Number.isSafeInteger(revision) || (revision as number) < 0) refuseExportLine(line, 'revision must be at least 0')
  if (timestamp !== formatTimestamp(parts.timestampNs)) refuseExportLine(line, 'timestamp is not the one in the id')
  if (typeof checksum !== 'string' || !CHECKSUM.test(checksum)) refuseExportLine(line, 'checksum must be 64 hex digits')
}

/** Checks the event as an append by the agent that it names. */
function mustKeepRules(line: number, event: Readonly<Record<string, unknown>>): void {
  const request = { events: [newEventIn(event)], author: authorIn(event) }
  try {
    checkAppend(request, KEYS_OF_OLD)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    refuseExportLine(line, error.message.replaceAll('/events/0', ''))
  }
  if (event['schemaVersion'] === undefined || event['tags'] === undefined) refuseExportLine(line, 'a field is missing')
}

/** The fields that the client chose; the others were assigned by the store or come from the token. */
export function newEventIn(event: object): NewEvent {
  const chosen = Object.entries(event).filter(([name]) => !ASSIGNED.has(name) && !OF_AUTHOR.has(name))
  return Object.fromEntries(chosen) as unknown as NewEvent
}

export function authorIn(event: object): Author {
  const said = Object.entries(event).filter(([name]) => OF_AUTHOR.has(name))
  return Object.fromEntries(said) as unknown as Author
}
