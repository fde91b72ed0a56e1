// Keeps the alerts in `$alerts`. What cannot be written waits in memory, and no alert waits longer than a second for it.
import { Injectable, Logger } from '@nestjs/common'
import { codeOf } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { HeldEvents } from '../service-streams/held-events.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { eventOfChange, ServiceStream } from '../service-streams/service-stream.js'
import { ALERT_FOLD, type AlertChange, type AlertState, noAlerts } from './alert-state.js'

const PATIENCE_MS = 1_000

@Injectable()
export class AlertOutbox {
  private readonly logger = new Logger('alerting')
  private readonly held: HeldEvents
  private writing: Promise<void> | undefined
  private isFailing = false

  constructor(
    private readonly store: EventStore,
    private readonly retention: RetentionRewrite,
  ) {
    this.held = new HeldEvents(store, ALERT_FOLD.stream)
  }

  /** What an earlier process has left; nothing when that cannot be read. */
  async load(): Promise<AlertState> {
    try {
      const state = await this.stream().state()
      this.retention.begin('alerts', () => this.held.inTurn(() => this.stream().rewrite()))
      return state
    } catch (error) {
      this.logger.error({ code: codeOf(error), message: 'the alerts from before cannot be read' })
      return noAlerts()
    }
  }

  /** Never rejects, and never waits long: a store that hangs must not hold back the alert about it. */
  async write(changes: readonly AlertChange[]): Promise<void> {
    this.held.hold(changes.map(change => eventOfChange(ALERT_FOLD.stream, change)))
    if (this.held.isEmpty && this.writing === undefined) return
    this.writing ??= this.flush().finally(() => {
      this.writing = undefined
    })
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>(resolve => {
      timer = setTimeout(resolve, PATIENCE_MS)
    })
    await Promise.race([this.writing, patience])
    clearTimeout(timer)
  }

  private async flush(): Promise<void> {
    try {
      while (!this.held.isEmpty) await this.held.flush()
      this.isFailing = false
    } catch (error) {
      if (!this.isFailing) this.logger.warn({ code: codeOf(error), message: 'alerts could not be written down yet' })
      this.isFailing = true
    }
  }

  /** Read anew each time it is asked for, because the changes are written beside it. */
  private stream(): ServiceStream<AlertState, AlertChange> {
    return new ServiceStream(this.store, ALERT_FOLD, { urgent: true })
  }
}
