// What consumer groups need beside their consumers: to be measured, and to be known to a log that forgets its beginning.
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { Settings } from '../../config/settings.js'
import { Metrics } from '../../metrics/metrics.js'
import { figuresOf, GROUP_GAUGES } from './group-gauges.js'
import { Groups } from './groups.service.js'

/** Often enough for the shortest retention there is, of a day. */
const REWRITE_MS = 6 * 60 * 60_000

@Injectable()
export class GroupsUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('subscriptions')
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly groups: Groups,
    private readonly settings: Settings,
    metrics: Metrics,
  ) {
    metrics.gauges(GROUP_GAUGES, 'subscription', async () => {
      // A group that cannot be looked at is told of by those who use it; the other metrics are wanted all the same.
      return figuresOf(await groups.progress().catch(() => new Map()))
    })
  }

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
      await this.groups.rewrite()
    } catch (error) {
      const { code } = error as { code?: unknown }
      this.logger.warn({ code, message: 'what the subscriptions are could not be written anew' })
    }
  }
}
