// Keeps the alerts in `$alerts`. What it does not take waits in memory and in a file; no alert waits over a second for it.
import { resolve } from 'node:path'
import { Injectable, Logger } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { codeOf } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { HeldEvents, MOST_HELD } from '../service-streams/held-events.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { eventOfChange, ServiceStream } from '../service-streams/service-stream.js'
import { ALERT_FOLD, type AlertChange, type AlertState, applyChange, noAlerts } from './alert-state.js'
import { HeldAlerts } from './held-alerts.js'

const PATIENCE_MS = 1_000

@Injectable()
export class AlertOutbox {
  private readonly logger = new Logger('alerting')
  private readonly held: HeldEvents
  private readonly beside: HeldAlerts
  /** What `held` has not written yet, as the file has it. */
  private waiting: readonly AlertChange[] = []
  private writing: Promise<void> | undefined
  private isFailing = false

  constructor(
    private readonly store: EventStore,
    private readonly retention: RetentionRewrite,
    { dataDir }: Settings,
  ) {
    this.held = new HeldEvents(store, ALERT_FOLD.stream)
    this.beside = new HeldAlerts(resolve(dataDir))
  }

  /** What an earlier process has left, in the stream and beside it. */
  async load(): Promise<AlertState> {
    const state = await this.stored()
    const left = await this.beside.load()
    for (const change of left) applyChange(state, change)
    this.hold(left)
    return state
  }

  /** Never rejects, and never waits long: a store that hangs must not hold back the alert about it. */
  async write(changes: readonly AlertChange[]): Promise<void> {
    this.hold(changes)
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

  private hold(changes: readonly AlertChange[]): void {
    this.held.hold(changes.map(change => eventOfChange(ALERT_FOLD.stream, change)))
    this.waiting = [...this.waiting, ...changes].slice(-MOST_HELD)
  }

  /** Nothing when the stream cannot be read. */
  private async stored(): Promise<AlertState> {
    try {
      const state = await this.stream().state()
      this.retention.begin('alerts', () => this.held.inTurn(() => this.stream().rewrite()))
      return state
    } catch (error) {
      this.logger.error({ code: codeOf(error), message: 'the alerts from before cannot be read' })
      return noAlerts()
    }
  }

  private async flush(): Promise<void> {
    try {
      while (!this.held.isEmpty) await this.held.flush()
      this.waiting = []
      this.isFailing = false
    } catch (error) {
      if (!this.isFailing) this.logger.warn({ code: codeOf(error), message: 'alerts could not be written down yet' })
      this.isFailing = true
    }
    // What came meanwhile would stand in memory alone until the next change.
    for (let kept: readonly AlertChange[] | undefined; kept !== this.waiting; await this.beside.keep(kept))
      kept = this.waiting
  }

  /** Read anew each time it is asked for, because the changes are written beside it. */
  private stream(): ServiceStream<AlertState, AlertChange> {
    return new ServiceStream(this.store, ALERT_FOLD, { urgent: true })
  }
}
