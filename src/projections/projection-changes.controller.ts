// The route `GET /v1/projections/{name}/changes`, which sends all states and then each change as server-sent events.
import type { Readable } from 'node:stream'
import { Controller, Get, Param, Query } from '@nestjs/common'
import { ApiProduces } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs, TakesTickets } from '../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { ProjectionChanges } from './projection-changes.service.js'
import { ProjectionChangesParameters } from './projections.dto.js'

@Controller('v1/projections')
export class ProjectionChangesController {
  constructor(private readonly changes: ProjectionChanges) {}

  @Get(':name/changes')
  @Needs('events.read')
  @TakesTickets()
  @Route('followProjection', {
    summary: 'Follow a live projection',
    description:
      'Server-sent events without end: `state` for every state there is, `caughtUp`, then `state` or `removed` whenever one changes. Who reads slowly is told the newest and not all in between. Whoever comes back is told all states again.',
    path: [{ name: 'name', description: 'The name of the projection.', example: 'tasks' }],
    answers: { 200: { description: 'The states, and what becomes of them.', schema: { type: 'string' } } },
  })
  @ApiProduces('text/event-stream')
  async follow(
    @Param('name') name: string,
    @Query(new ValidatorPipe(ProjectionChangesParameters)) { key }: ProjectionChangesParameters,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Readable | string> {
    http.form(['sse'])
    const stream = await this.changes.follow(name, key, access, http)
    // A buffering proxy would hold events back.
    http.announce('sse')
    void http.reply.header('x-accel-buffering', 'no')
    if (http.request.method !== 'HEAD') return stream
    // The answer to HEAD has no body, and this stream would never end.
    stream.destroy()
    return ''
  }
}
