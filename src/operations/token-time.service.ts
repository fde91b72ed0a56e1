// Moves the time that tokens are judged by up to that of the log before the port opens, because a machine's clock that
// has gone back must not make expired tokens valid again.
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common'
import { TokenVerifier } from '../auth/token-verifier.js'
import { EventStore } from '../contract/event-store.js'
import { ThisThread } from '../threads/this-thread.js'

/** The clocks of machines always differ a little, so no warning is given up to this difference. */
const HARMLESS_MS = 60_000

@Injectable()
export class TokenTime implements OnApplicationBootstrap {
  private readonly logger = new Logger('security')

  constructor(
    private readonly store: EventStore,
    private readonly verifier: TokenVerifier,
    private readonly thread: ThisThread,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // The last event that can be read is enough, because those before it are no later.
    for await (const { timestamp } of this.store.read({ order: 'desc', limit: 1, onDamaged: () => undefined })) {
      const behindMs = this.verifier.clock.notBefore(Date.parse(timestamp))
      // Each thread judges by its own clock, and one of them says it.
      if (behindMs <= HARMLESS_MS || this.thread.isFront) continue
      const message =
        'THE CLOCK OF THIS MACHINE IS BEHIND THE LOG, or was ahead when the log was written: tokens are judged by the time of the last event, so they can expire early. Correct the clock and start again'
      this.logger.warn({ lastEvent: timestamp, behindSeconds: Math.round(behindMs / 1000), message })
    }
  }
}
