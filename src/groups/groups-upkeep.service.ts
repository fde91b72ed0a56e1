// What consumer groups need beside their consumers: to be measured, and to be known to a log that forgets its beginning.
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
      // A group that cannot be looked at is told of by those who use it; the other metrics are wanted all the same.
      return figuresOf(await groups.progress().catch(() => new Map()))
    })
  }

  onApplicationBootstrap(): void {
    this.retention.begin('subscriptions', () => this.groups.rewrite())
  }
}
