// Reads from `$degradation` what came of reconciliations, and lets the loser of a conflict count where a person says so.
import { Injectable } from '@nestjs/common'
import type { Access } from '../../auth/access.js'
import { SERVICE_AGENT } from '../../contract/check/check-append.js'
import type { RecordedEvent } from '../../contract/event.js'
import { EventStore } from '../../contract/event-store.js'
import {
  DEGRADATION_STREAM,
  type PlainEvent,
  RECONCILIATION,
  type ResultData,
} from '../../service-streams/held-events.js'
import { SerialQueue } from '../../service-streams/serial-queue.js'
import type { OverrideAnswerDto, OverrideDto, ReconciliationDto } from './reconciliations.dto.js'

const OVERRIDE = 'ReconciliationOverridden'
const MOST = 100

@Injectable()
export class Reconciliations {
  private readonly turns = new SerialQueue()

  constructor(private readonly store: EventStore) {}

  async list(): Promise<ReconciliationDto[]> {
    const [results, overridden] = [[] as RecordedEvent[], await this.overridden()]
    for await (const event of this.read(RECONCILIATION)) {
      results.push(event)
      if (results.length === MOST) break
    }
    return results.map(({ position, timestamp, data }) => {
      const { stream, eventsRecovered, alreadyStored, conflicts, lost, outOfStep } = data as unknown as ResultData
      const shown = conflicts.map(({ noteId, kept, loser }) => {
        return { noteId, kept, loser, overridden: overridden.has(noteId) }
      })
      return {
        position,
        timestamp,
        stream,
        eventsRecovered,
        alreadyStored,
        conflicts: shown,
        lost: [...lost],
        outOfStep: [...outOfStep],
      }
    })
  }

  /** One at a time, so that a conflict is overridden once. */
  override({ noteId, reason }: OverrideDto, { agentId: by }: Access): Promise<OverrideAnswerDto> {
    return this.turns.run(async () => {
      const before = (await this.overridden()).get(noteId)
      if (before !== undefined) return { overridden: true, position: before }
      const loser = await this.loserOf(noteId)
      if (loser === undefined) return { overridden: false }
      const { type, stream, data, occurredAt } = loser
      const metadata = { overrides: noteId }
      const events = [
        { type, stream, data, metadata, ...(occurredAt === undefined ? {} : { occurredAt }) },
        { type: OVERRIDE, stream: DEGRADATION_STREAM, data: { noteId, by, reason } },
      ]
      const stored = await this.store.append({ events, author: { agentId: SERVICE_AGENT } })
      return { overridden: true, position: (stored.events[0] as (typeof stored.events)[number]).position }
    })
  }

  private async loserOf(noteId: string): Promise<PlainEvent | undefined> {
    for await (const { data } of this.read(RECONCILIATION)) {
      const { conflicts } = data as unknown as ResultData
      const found = conflicts.find(conflict => conflict.noteId === noteId)
      if (found !== undefined) return found.loser as unknown as PlainEvent
    }
    return undefined
  }

  /** Where the event that counts now stands, by the name of the conflict: right before the word about it. */
  private async overridden(): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    for await (const { position, data } of this.read(OVERRIDE)) {
      found.set((data as unknown as OverrideDto).noteId, position - 1)
    }
    return found
  }

  private read(type: string): AsyncIterable<RecordedEvent> {
    return this.store.read({ filter: { streams: [DEGRADATION_STREAM], types: [type] }, order: 'desc' })
  }
}
