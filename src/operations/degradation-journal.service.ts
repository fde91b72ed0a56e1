// Writes down in `$degradation` how the mode changes, before all other appends, and restores the mode at a start.
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common'
import { codeOf } from '../contract/errors.js'
import type { RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { type ModeChange, ModeTransitions } from '../degradation/mode-transitions.service.js'
import { FIRST_MODE, type Mode } from '../degradation/next-mode.js'
import { DEGRADATION_STREAM, HeldEvents, type PlainEvent } from '../service-streams/held-events.js'
import { type Cause, Signals } from '../signals/signals.js'
import { UpkeepNotes } from '../storage/upkeep-notes.js'
import {
  CHANGES_OF_MODE,
  changeEvent,
  continuesMode,
  type DegradationData,
  trialEvent,
  upkeepEvent,
} from './degradation-events.js'

@Injectable()
export class DegradationJournal implements OnApplicationBootstrap {
  private readonly logger = new Logger('degradation')
  private readonly held: HeldEvents

  constructor(
    private readonly store: EventStore,
    private readonly transitions: ModeTransitions,
    private readonly signals: Signals,
    private readonly upkeep: UpkeepNotes,
  ) {
    this.held = new HeldEvents(store, DEGRADATION_STREAM, continuesMode)
  }

  async onApplicationBootstrap(): Promise<void> {
    this.transitions.listen(change => void this.note(change))
    this.upkeep.listen(note => void this.record(upkeepEvent(note)))
    this.transitions.tryBy(() => this.held.flush([this.trial()]))
    await this.restore()
  }

  private async note(change: ModeChange): Promise<void> {
    const event = changeEvent(change, this.transitions.pressure)
    if (event === undefined) return
    const { mode, cause } = change.to
    const level = mode === 'EMERGENCY' ? 'error' : 'warn'
    this.logger[mode === 'NORMAL' ? 'log' : level]({ mode, cause, message: `the mode is ${mode}` })
    await this.record(event)
  }

  /** Never rejects: what cannot be written waits in memory for the next trial write. */
  private async record(event: PlainEvent): Promise<void> {
    this.held.hold([event])
    try {
      await this.settle()
    } catch (error) {
      this.logger.warn({ code: codeOf(error), message: `${event.type} could not be written down yet` })
    }
  }

  private trial(): PlainEvent {
    const { state, pressure } = this.transitions
    return trialEvent(state, { measured: this.transitions.measuredAt(), pressure })
  }

  /** Writes what waits. Rejects when the store does not take it. */
  settle(): Promise<void> {
    return this.held.flush()
  }

  /** What a person forced stays forced. Any other EMERGENCY goes on until a trial write shows that it is over. */
  private async restore(): Promise<void> {
    const last = await this.newest()
    if (last === undefined) return
    const { mode, triggerReason, relapses = 0, reason = '' } = last.data as unknown as DegradationData
    if (mode !== 'EMERGENCY' && mode !== 'RECOVERING') return
    if (triggerReason === 'manual' && mode === 'EMERGENCY') {
      this.signals.tell({ cause: 'manual', level: 'critical', detail: reason, metrics: {} })
      return
    }
    const sinceMs = Date.parse(last.timestamp)
    const cause = triggerReason as Cause | undefined
    this.transitions.restore(
      { ...FIRST_MODE, mode: 'EMERGENCY' satisfies Mode, sinceMs, cause, relapses },
      'the server was started again in this mode',
    )
  }

  private async newest(): Promise<RecordedEvent | undefined> {
    const request = {
      filter: { streams: [DEGRADATION_STREAM], types: CHANGES_OF_MODE },
      order: 'desc',
      limit: 1,
    } as const
    try {
      for await (const event of this.store.read(request)) return event
    } catch (error) {
      this.logger.error({
        code: codeOf(error),
        message: 'the last mode cannot be read, so the server begins in NORMAL',
      })
    }
    return undefined
  }
}
