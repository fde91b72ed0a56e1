// Plans replays with what is registered as they begin: the projection they name, and the upcasters in force.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { Upcasting } from '../upcasting/upcasting.service.js'
import { Projections } from './projections.service.js'
import type { ReplayDto } from './replay.dto.js'
import { type ReplayPlan, replayPlan } from './replay-plan.js'

@Injectable()
export class Plans {
  constructor(
    private readonly projections: Projections,
    private readonly upcasting: Upcasting,
  ) {}

  async plan(asked: ReplayDto, access: Access): Promise<ReplayPlan> {
    const { projection: name, version } = asked
    if (asked.onDamaged !== 'skip') await this.mustBeKnown(name !== undefined)
    const projection = name === undefined ? undefined : await this.projections.one(name, version)
    return replayPlan(asked, access, { projection, upcasters: await this.upcasting.inForce() })
  }

  /** A state made with less than what is in force would be wrong in silence. */
  private async mustBeKnown(isProjection: boolean): Promise<void> {
    await this.upcasting.assertComplete()
    if (isProjection) await this.projections.assertComplete()
  }
}
