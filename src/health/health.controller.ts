// `GET /livez` reports that the process runs, `/readyz` whether it can serve, and `/health` how each component is.
import { Controller, Get, Param, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { Public } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { COMPONENTS } from './component-checks.service.js'
import { ComponentHistory } from './component-history.service.js'
import { Readiness } from './readiness.service.js'
import type { HealthReport } from './report.js'

@Controller()
@Public()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly past: ComponentHistory,
  ) {}

  /** Answers from memory alone, because a slow disk must never get the process killed. */
  @Get('livez')
  @Route('checkLiveness', {
    summary: 'Is the process alive',
    description: 'Answers from memory alone; never touches the disk.',
    answers: { 200: { description: 'It is.' } },
  })
  live(): HealthReport {
    return { status: 'ok', timestamp: new Date().toISOString(), checks: [] }
  }

  @Get('readyz')
  @Route('checkReadiness', {
    summary: 'Can it serve',
    description: 'Whether requests should be sent here.',
    answers: { 200: { description: 'It can, if only reads.' }, 503: { description: 'It cannot.' } },
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return told(reply, await this.readiness.report())
  }

  @Get('health')
  @Route('readHealth', {
    summary: 'How is it',
    description: 'The worst of all components, and each of them; 503 while the store takes no appends.',
    answers: { 200: { description: 'It serves, perhaps degraded.' }, 503: { description: 'A component is down.' } },
  })
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return told(reply, await this.readiness.components())
  }

  @Get('health/detailed')
  @Route('readDetailedHealth', {
    summary: 'How is each component',
    description: 'Event store, storage, network and memory, with what was found, and when each was well or ill before.',
    answers: { 200: { description: 'It serves, perhaps degraded.' }, 503: { description: 'A component is down.' } },
  })
  async detailed(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.readiness.components()
    return told(reply, { ...report, history: this.past.changes })
  }

  @Get('health/:component')
  @Route('readComponentHealth', {
    summary: 'How is one component',
    description: 'What was found when it was looked at just now.',
    path: [{ name: 'component', description: 'Which one.', enum: [...COMPONENTS] }],
    answers: {
      200: { description: 'It serves, perhaps degraded.' },
      404: { description: 'There is no such component.' },
      503: { description: 'It is down.' },
    },
  })
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
