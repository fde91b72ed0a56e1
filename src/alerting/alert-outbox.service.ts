// Keeps the alerts in `$alerts`. What cannot be written waits in memory, and no alert waits longer than a second for it.
import { Injectable, Logger } from '@nestjs/common'
import { codeOf } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { ServiceStream } from '../service-streams/service-stream.js'
import { ALERT_FOLD, type AlertChange, type AlertState, noAlerts } from './alert-state.js'

const PATIENCE_MS = 1_000

/** Kept in memory while the store takes none of them; the oldest give way. */
const MOST_HELD = 1_000
const TOGETHER = 50

@Injectable()
export class AlertOutbox {
  private readonly logger = new Logger('alerting')
  private readonly stream: ServiceStream<AlertState, AlertChange>
  private held: AlertChange[] = []
  private writing: Promise<void> | undefined
  private isFailing = false

  constructor(
    store: EventStore,
    private readonly retention: RetentionRewrite,
  ) {
    this.stream = new ServiceStream(store, ALERT_FOLD, { urgent: true })
  }

  /** A copy of what an earlier process has left; nothing when that cannot be read. */
  async load(): Promise<AlertState> {
    try {
      const state = structuredClone(await this.stream.state())
      this.retention.begin('alerts', () => this.stream.rewrite())
      return state
    } catch (error) {
      this.logger.error({ code: codeOf(error), message: 'the alerts from before cannot be read' })
      return noAlerts()
    }
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
        return
      }
    }
  }
}
