// Keeps definitions known to a log that forgets its beginning: where retention is on, they are written anew at its end.
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { Projections } from './projections/projections.service.js'
import { Upcasting } from './upcasting/upcasting.service.js'

/** Often enough for the shortest retention there is, of a day. */
const REWRITE_MS = 6 * 60 * 60_000

@Injectable()
export class DefinitionsUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('projections')
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly projections: Projections,
    private readonly upcasting: Upcasting,
    private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.retainArchivesDays === 0) return
    void this.rewrite()
    this.timer = setInterval(() => void this.rewrite(), REWRITE_MS)
    this.timer.unref()
  }

  onModuleDestroy(): void {
    clearInterval(this.timer)
  }

  private async rewrite(): Promise<void> {
    try {
      await this.upcasting.rewrite()
      await this.projections.rewrite()
    } catch (error) {
      const { code } = error as { code?: unknown }
      this.logger.warn({ code, message: 'definitions could not be written anew' })
    }
  }
}
