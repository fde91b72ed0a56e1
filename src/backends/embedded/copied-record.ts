// Proves an event of an export: its record has the checksum it claims and says only what an event may say. Pure.
import { hash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { keyFault } from '../../contract/check/check-names.js'
import { StoreError } from '../../contract/errors.js'
import type { SaidEvent } from '../../contract/event.js'
import { LIMITS } from '../../contract/limits.js'
import { MalformedRecord } from '../../record/codec/reader.js'
import { PackedMap } from '../../record/codec/scan.js'
import { type Keyed, recordSaidBy, StoredEvent } from '../../record/record.js'

/** An event of an export. Its fields must have passed the contract's checks already. */
export interface CopiedEvent {
  /** Number of its line in the export, which errors name. */
  readonly line: number
  readonly event: SaidEvent
  /** The stored bytes, where the fields alone do not make the same bytes. */
  readonly record?: Uint8Array
}

const REQUEST_HASH_BYTES = 16
/** An event may have been stored when more keys were allowed, and copying must not refuse it. */
const ANY_KEYS = Number.POSITIVE_INFINITY

/** Throws an INVALID_REQUEST that names the line. */
export function provenRecord({ line, event, record }: CopiedEvent): Buffer {
  const made = record === undefined ? recordSaidBy(event) : sameRecord(line, event, Buffer.from(record))
  const checksum = hash('sha256', made, 'hex')
  if (checksum !== event.checksum)
    refuseRecord(line, `the checksum of ${event.id} is ${checksum}, not ${event.checksum}`)
  return made
}

/**
 * Makes the record again from the fields of the event and from what only the bytes say. Every byte must agree, because
 * otherwise the record could hold what the event does not show.
 */
function sameRecord(line: number, event: SaidEvent, record: Buffer): Buffer {
  try {
    const stored = new StoredEvent(record, '')
    const metadata = stored.packedMetadata()
    const unsaid = {
      data: PackedMap.checked(stored.packedData(), ANY_KEYS),
      ...(metadata === undefined ? undefined : { metadata: PackedMap.checked(metadata, ANY_KEYS) }),
      keyed: stored.keyed,
    }
    const said = { ...(JSON.parse(JSON.stringify(stored)) as SaidEvent), checksum: event.checksum }
    const same = isDeepStrictEqual(said, event) && recordSaidBy(event, unsaid).equals(record)
    if (same && isSound(stored.keyed)) return record
  } catch (error) {
    if (!(error instanceof MalformedRecord || error instanceof StoreError || error instanceof RangeError)) throw error
  }
  refuseRecord(line, `the record of ${event.id} says something else than the event`)
}

function isSound(keyed: Keyed | undefined): boolean {
  if (keyed === undefined) return true
  const { key, requestHash, events } = keyed
  return keyFault(key) === undefined && requestHash.length === REQUEST_HASH_BYTES && events <= LIMITS.batchEvents
}

export function refuseRecord(line: number, detail: string): never {
  throw new StoreError('INVALID_REQUEST', `line ${line}: ${detail}`)
}
