// Keeps the alerts in `$alerts`. What it does not take waits in memory and in a file; no alert waits over a second for it.
import { resolve } from 'node:path'
import { Injectable, Logger } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { codeOf } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { ServiceStream } from '../service-streams/service-stream.js'
import { ALERT_FOLD, type AlertChange, type AlertState, applyChange, noAlerts } from './alert-state.js'
import { HeldAlerts } from './held-alerts.js'

const PATIENCE_MS = 1_000

/** Kept in memory while the store takes none of them; the oldest give way. */
const MOST_HELD = 1_000
const TOGETHER = 50

@Injectable()
export class AlertOutbox {
  private readonly logger = new Logger('alerting')
  private readonly stream: ServiceStream<AlertState, AlertChange>
  private readonly beside: HeldAlerts
  private held: AlertChange[] = []
  private writing: Promise<void> | undefined
  private isFailing = false

  constructor(
    store: EventStore,
    private readonly retention: RetentionRewrite,
    { dataDir }: Settings,
  ) {
    this.beside = new HeldAlerts(resolve(dataDir))
    this.stream = new ServiceStream(store, ALERT_FOLD, { urgent: true })
  }

  /** What an earlier process has left, in the stream and beside it. */
  async load(): Promise<AlertState> {
    const state = await this.stored()
    const held = await this.beside.load()
    for (const change of held) applyChange(state, change)
    this.held = [...held, ...this.held]
    return state
  }

  /** Never rejects, and never waits long: a store that hangs must not hold back the alert about it. */
  async write(changes: readonly AlertChange[]): Promise<void> {
    this.held = [...this.held, ...changes].slice(-MOST_HELD)
    if (this.held.length === 0 && this.writing === undefined) return
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

  /** A copy; nothing when the stream cannot be read. */
  private async stored(): Promise<AlertState> {
    try {
      const state = structuredClone(await this.stream.state())
      this.retention.begin('alerts', () => this.stream.rewrite())
      return state
    } catch (error) {
      this.logger.error({ code: codeOf(error), message: 'the alerts from before cannot be read' })
      return noAlerts()
    }
  }

  private async flush(): Promise<void> {
    while (this.held.length > 0) {
      const changes = this.held.slice(0, TOGETHER)
      this.held = this.held.slice(TOGETHER)
      try {
        await this.stream.inTurn((_, write) => write(changes))
        this.isFailing = false
      } catch (error) {
        this.held = [...changes, ...this.held].slice(-MOST_HELD)
        if (!this.isFailing) this.logger.warn({ code: codeOf(error), message: 'alerts could not be written down yet' })
        this.isFailing = true
        break
      }
    }
    // What came meanwhile would stand in memory alone until the next change.
    for (let kept: readonly AlertChange[] | undefined; kept !== this.held; await this.beside.keep(kept))
      kept = this.held
  }
}
