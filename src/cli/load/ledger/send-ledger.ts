// What a generator has sent and what was acknowledged, sixteen bytes an event in a file, so that hours of load take no more memory than seconds.
import type { NewEvent } from '#client'
import { linkedTo } from '#client/testing'
import type { EventSource, SentEvent } from './event-source.js'
import { RowFile } from './row-file.js'

/** 8 bytes when it was to be sent, 6 its position, 1 its state, 1 its links. */
export const LEDGER_ROW_BYTES = 16
const POSITION = 8
const POSITION_BYTES = 6
const STATE = 14
const LINKS = 15
const MOST_LINKS = 8

const BEGUN = 1
const ACKNOWLEDGED = 2
const FOUND = 4
/** It was found, and not where it was said to be. */
const ELSEWHERE = 8

interface Place {
  readonly id: string
  readonly position: number
}

/** What is known of an event by its place among all that its source has given. */
export interface SentRow {
  readonly sentAt: number
  /** 0 while it is not acknowledged. */
  readonly position: number
  readonly isBegun: boolean
  readonly isAcknowledged: boolean
  readonly isFound: boolean
  readonly isElsewhere: boolean
}

export class SendLedger {
  acknowledgedCount = 0
  private readonly rows: RowFile
  /** The ids of what was acknowledged in the last round, each where its index falls. */
  private readonly ids: string[]
  private readonly idsOf: Float64Array

  constructor(
    private readonly source: EventSource,
    path: string,
    kept?: 'new' | 'again',
  ) {
    this.rows = new RowFile(path, LEDGER_ROW_BYTES, kept)
    this.ids = Array.from({ length: source.round }, () => '')
    this.idsOf = new Float64Array(source.round).fill(-1)
  }

  /** Written down before it is sent. It is linked to those of its causes that are acknowledged by now. */
  begin(sent: SentEvent): NewEvent {
    const { index, sentAt, causes } = sent
    const row = this.rows.edit(index)
    row.writeDoubleLE(sentAt, 0)
    row[STATE] = BEGUN
    const known = causes.slice(0, MOST_LINKS).map(ref => this.idOf(ref))
    row[LINKS] = known.reduce((links, id, at) => (id === undefined ? links : links | (1 << at)), 0)
    return linkedTo(sent, ref => known[causes.indexOf(ref)])
  }

  acknowledge(index: number, { id, position }: Place): void {
    const row = this.rows.edit(index)
    row.writeUIntLE(position, POSITION, POSITION_BYTES)
    row[STATE] = BEGUN | ACKNOWLEDGED
    this.ids[index % this.ids.length] = id
    this.idsOf[index % this.ids.length] = index
    this.acknowledgedCount++
  }

  entry(index: number): SentRow {
    const row = this.rows.row(index)
    const state = row[STATE] ?? 0
    return {
      sentAt: row.readDoubleLE(0),
      position: row.readUIntLE(POSITION, POSITION_BYTES),
      isBegun: (state & BEGUN) > 0,
      isAcknowledged: (state & ACKNOWLEDGED) > 0,
      isFound: (state & FOUND) > 0,
      isElsewhere: (state & ELSEWHERE) > 0,
    }
  }

  found(index: number, position: number): void {
    const { isAcknowledged, position: said } = this.entry(index)
    const row = this.rows.edit(index)
    row[STATE] = (row[STATE] ?? 0) | FOUND | (isAcknowledged && position !== said ? ELSEWHERE : 0)
  }

  /** The event as it was sent, given the ids of its causes. */
  sentAgain(index: number, idOf: (ref: string) => string | undefined): NewEvent {
    const row = this.rows.row(index)
    const links = row[LINKS] ?? 0
    const sent = this.source.at(index, row.readDoubleLE(0))
    const { causes } = sent
    return linkedTo(sent, ref => ((links & (1 << causes.indexOf(ref))) > 0 ? idOf(ref) : undefined))
  }

  /** Before it is looked for once more. */
  forgetFound(): void {
    for (let index = 0; index < this.source.given; index++) {
      const row = this.rows.edit(index)
      row[STATE] = (row[STATE] ?? 0) & (BEGUN | ACKNOWLEDGED)
    }
  }

  /** What a later part needs is in the file. */
  flush(): void {
    this.rows.flush()
  }

  close(): void {
    this.rows.close()
  }

  private idOf(ref: string): string | undefined {
    const index = this.source.indexOf(ref) ?? -1
    const at = index % this.ids.length
    return this.idsOf[at] === index ? this.ids[at] : undefined
  }
}
