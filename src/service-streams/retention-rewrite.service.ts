// Writes the state of each service stream anew at the end of the log, because retention removes its first events.

import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { codeOf } from '../contract/errors.js'
import { ThisThread } from '../threads/this-thread.js'

/** The shortest retention is a day, so a state is rewritten several times before retention reaches its events. */
const REWRITE_MS = 6 * 60 * 60_000

@Injectable()
export class RetentionRewrite implements OnModuleDestroy {
  private readonly logger = new Logger('retention')
  private readonly timers: NodeJS.Timeout[] = []

  constructor(
    private readonly settings: Settings,
    private readonly thread: ThisThread = new ThisThread(),
  ) {}

  /** Rewrites at once, then every `REWRITE_MS`. To be called when the server has started. No-op where nothing is ever removed, and in a front thread, because the writer does it for all. */
  begin(what: string, rewrite: () => Promise<void>): void {
    const { retainArchivesDays, cleanUpDays } = this.settings
    if (this.thread.isFront || !(retainArchivesDays > 0 || cleanUpDays > 0)) return
    const attempt = () => {
      rewrite().catch((error: unknown) => {
        // A failure is only logged, because the next attempt comes long before retention reaches the last rewrite.
        this.logger.warn({ code: codeOf(error), message: `${what} could not be written anew` })
      })
    }
    attempt()
    this.timers.push(setInterval(attempt, REWRITE_MS).unref())
  }

  onModuleDestroy(): void {
    for (const timer of this.timers) clearInterval(timer)
  }
}
