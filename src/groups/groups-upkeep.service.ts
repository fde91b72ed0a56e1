// Reports consumer groups to the metrics, and has their states rewritten before retention removes them.
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common'
import { Metrics } from '../metrics/metrics.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { figuresOf, GROUP_GAUGES } from './group-gauges.js'
import { Groups } from './groups.service.js'

@Injectable()
export class GroupsUpkeep implements OnApplicationBootstrap {
  constructor(
    private readonly groups: Groups,
    private readonly retention: RetentionRewrite,
    metrics: Metrics,
  ) {
    metrics.gauges(GROUP_GAUGES, 'subscription', async () => {
      // A failure must not take the other metrics with it, and it is reported to the callers who use the groups.
      return figuresOf(await groups.progress().catch(() => new Map()))
    })
  }

  onApplicationBootstrap(): void {
    this.retention.begin('subscriptions', () => this.groups.rewrite())
  }
}
