// Keeps the service's own streams known to a log that forgets its beginning: where retention is on, each state is written anew at its end.

import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { codeOf } from '../contract/errors.js'

/** Often enough for the shortest retention there is, of a day. */
const REWRITE_MS = 6 * 60 * 60_000

@Injectable()
export class RetentionRewrite implements OnModuleDestroy {
  private readonly logger = new Logger('retention')
  private readonly timers: NodeJS.Timeout[] = []

  constructor(private readonly settings: Settings) {}

  /** Called when the server has started, with what to write anew: now, and every few hours. */
  begin(what: string, rewrite: () => Promise<void>): void {
    if (this.settings.retainArchivesDays === 0) return
    const attempt = () => {
      rewrite().catch((error: unknown) => {
        // The next attempt comes long before retention reaches what is written now.
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
