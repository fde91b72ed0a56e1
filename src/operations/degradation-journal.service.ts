// Writes down in `$degradation` how the mode changes, before all other appends, and restores the mode at a start.
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common'
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import { codeOf } from '../contract/errors.js'
import type { NewEvent, RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { type ModeChange, ModeTransitions } from '../degradation/mode-transitions.service.js'
import { FIRST_MODE, type Mode } from '../degradation/next-mode.js'
import { type Cause, Signals } from '../signals/signals.js'
import { UpkeepNotes } from '../storage/upkeep-notes.js'
import {
  changeEvent,
  DEGRADATION_STREAM,
  type DegradationData,
  MODE_TYPES,
  trialEvent,
  upkeepEvent,
} from './degradation-events.js'

/** Kept in memory while the store takes none of them; the oldest give way. */
const MOST_HELD = 1_000

@Injectable()
export class DegradationJournal implements OnApplicationBootstrap {
  private readonly logger = new Logger('degradation')
  private held: NewEvent[] = []

  constructor(
    private readonly store: EventStore,
    private readonly transitions: ModeTransitions,
    private readonly signals: Signals,
    private readonly upkeep: UpkeepNotes,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.transitions.listen(change => void this.note(change))
    this.upkeep.listen(note => void this.record(upkeepEvent(note)))
    this.transitions.tryBy(() => this.write([trialEvent(this.transitions.state)]))
    await this.restore()
  }

  private async note(change: ModeChange): Promise<void> {
    const event = changeEvent(change)
    if (event === undefined) return
    const { mode, cause } = change.to
    const level = mode === 'EMERGENCY' ? 'error' : 'warn'
    this.logger[mode === 'NORMAL' ? 'log' : level]({ mode, cause, message: `the mode is ${mode}` })
    await this.record(event)
  }

  /** Never rejects: what cannot be written waits in memory for the next trial write. */
  private async record(event: NewEvent): Promise<void> {
    try {
      await this.write([event])
    } catch (error) {
      this.held = [...this.held, event].slice(-MOST_HELD)
      this.logger.warn({ code: codeOf(error), message: `${event.type} could not be written down yet` })
    }
  }

  private async write(events: readonly NewEvent[]): Promise<void> {
    const { held } = this
    this.held = []
    try {
      await this.store.append({ events: [...held, ...events], author: { agentId: SERVICE_AGENT } }, { urgent: true })
    } catch (error) {
      this.held = [...held, ...this.held].slice(-MOST_HELD)
      throw error
    }
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
    const request = { filter: { streams: [DEGRADATION_STREAM], types: MODE_TYPES }, order: 'desc', limit: 1 } as const
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
