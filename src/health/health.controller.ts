// `GET /livez` reports that the process runs, `/readyz` whether it can serve, and `/health` how each component is.
import { Controller, Get, Param, Res } from '@nestjs/common'
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger'
import type { FastifyReply } from 'fastify'
import { Public } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { COMPONENTS } from './component-checks.service.js'
import { Readiness } from './readiness.service.js'
import type { HealthReport } from './report.js'

@ApiTags('operations')
@Controller()
@Public()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Answers from memory alone, because a slow disk must never get the process killed. */
  @Get('livez')
  @ApiOperation({ summary: 'Is the process alive', description: 'Answers from memory alone; never touches the disk.' })
  @ApiOkResponse({ description: 'It is.' })
  live(): HealthReport {
    return { status: 'ok', timestamp: new Date().toISOString(), checks: [] }
  }

  @Get('readyz')
  @ApiOperation({ summary: 'Can it serve', description: 'Whether requests should be sent here.' })
  @ApiOkResponse({ description: 'It can, if only reads.' })
  @ApiServiceUnavailableResponse({ description: 'It cannot.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return told(reply, await this.readiness.report())
  }

  @Get('health')
  @ApiOperation({
    summary: 'How is it',
    description: 'The worst of all components, and each of them; 503 while the store takes no appends.',
  })
  @ApiOkResponse({ description: 'It serves, perhaps degraded.' })
  @ApiServiceUnavailableResponse({ description: 'A component is down.' })
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return told(reply, await this.readiness.components())
  }

  @Get('health/detailed')
  @ApiOperation({
    summary: 'How is each component',
    description: 'Event store, storage, network and memory, with what was found.',
  })
  @ApiOkResponse({ description: 'It serves, perhaps degraded.' })
  @ApiServiceUnavailableResponse({ description: 'A component is down.' })
  async detailed(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return told(reply, await this.readiness.components())
  }

  @Get('health/:component')
  @ApiOperation({ summary: 'How is one component', description: 'What was found when it was looked at just now.' })
  @ApiParam({ name: 'component', description: 'Which one.', enum: [...COMPONENTS] })
  @ApiOkResponse({ description: 'It serves, perhaps degraded.' })
  @ApiNotFoundResponse({ description: 'There is no such component.' })
  @ApiServiceUnavailableResponse({ description: 'It is down.' })
  async component(
    @Param('component') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HealthReport> {
    const component = COMPONENTS.find(known => known === name)
    if (component === undefined) throw new StoreError('NOT_FOUND', `Components are ${COMPONENTS.join(', ')}`)
    return told(reply, await this.readiness.components([component]))
  }
}

function told(reply: FastifyReply, report: HealthReport): HealthReport {
  if (report.status !== 'ok' && report.status !== 'degraded') void reply.status(503)
  return report
}
