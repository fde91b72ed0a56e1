// Writes denials to `$security`, a minute after the first one and at the shutdown, so that no request waits for it.

import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { Denials } from '../auth/denials.js'
import { codeOf } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { Metrics } from '../metrics/metrics.js'
import { HeldEvents } from '../service-streams/held-events.js'
import { Journal, SECURITY_STREAM } from './journal.js'

const GATHER_MS = 60_000

@Injectable()
export class SecurityJournal implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly journal = new Journal()
  private readonly held: HeldEvents
  private readonly logger = new Logger('security')
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly denials: Denials,
    store: EventStore,
    metrics: Metrics,
  ) {
    this.held = new HeldEvents(store, SECURITY_STREAM)
    metrics.tally(
      'denied_total',
      'Requests refused for who sent them or how many they were; HIDDEN_EVENT: appends whose condition met only events that their token may not read.',
      'reason',
      () => denials.counts,
    )
  }

  onApplicationBootstrap(): void {
    this.denials.listen(denial => {
      if (this.journal.note(denial)) this.writeLater()
    })
  }

  /** Written before the connections are drained, because the drain may take longer than the server has. */
  beforeApplicationShutdown(): Promise<void> {
    return this.write()
  }

  /** The requests that were answered during the drain have been denied like any others. The store is still open. */
  onApplicationShutdown(): Promise<void> {
    return this.write()
  }

  /**
   * A failure is only logged, and what could not be written is tried again a minute later: a store that takes no appends must
   * not keep the server from answering or ending.
   */
  async write(): Promise<void> {
    clearTimeout(this.timer)
    const events = this.journal.take()
    this.held.hold(events)
    if (this.held.isEmpty) return
    try {
      await this.held.flush()
    } catch (error) {
      this.logger.warn({
        code: codeOf(error),
        events: events.length,
        message: 'what was denied could not be written down yet',
      })
      this.writeLater()
    }
  }

  private writeLater(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.write(), GATHER_MS).unref()
  }
}
