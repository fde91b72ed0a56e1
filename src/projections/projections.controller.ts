// The routes of `/v1/projections`, which define, list, read and delete projections.
import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { Projections, type ProjectionVersion } from '../folding/projections.service.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { ProjectionAnswer, ProjectionBody, ProjectionsAnswer, ProjectionVersionParameters } from './projections.dto.js'

const NAME = {
  name: 'name',
  description: 'The name of the projection: 1 to 64 of A-Z a-z 0-9 _ . - that start with a letter or digit.',
  example: 'tasks',
}

@Controller('v1/projections')
export class ProjectionsController {
  constructor(private readonly projections: Projections) {}

  @Get()
  @Needs('events.read')
  @Route('listProjections', {
    summary: 'List projections',
    description: 'All that are in force, without what they do.',
    answers: { 200: { description: 'The projections.', type: ProjectionsAnswer } },
  })
  async list(@Http() http: HttpExchange) {
    http.form()
    const { current } = await this.projections.definitions.log()
    const projections = current.map(({ name, version, definition: { description, live }, definedBy, definedAt }) => {
      return { name, version, description, live: live === true, definedBy, definedAt }
    })
    return http.send({ projections })
  }

  @Get(':name')
  @Needs('events.read')
  @Route('readProjection', {
    summary: 'Read one projection',
    description: 'Its definition, or an older version of it, also after it has been deleted.',
    path: [NAME],
    answers: { 200: { description: 'The projection.', type: ProjectionAnswer } },
  })
  async one(
    @Param('name') name: string,
    @Query(new ValidatorPipe(ProjectionVersionParameters)) { version }: ProjectionVersionParameters,
    @Http() http: HttpExchange,
  ) {
    http.form()
    return http.send(answerOf(await this.projections.one(name, version)))
  }

  @Put(':name')
  @Needs('admin.write')
  @Route('defineProjection', {
    summary: 'Define a projection, or change it',
    description: 'Each change is a new version; the same again is none. Older versions can still be asked for.',
    path: [NAME],
    answers: {
      200: { description: 'It existed, and is now as the body says.', type: ProjectionAnswer },
      201: { description: 'Defined.', type: ProjectionAnswer },
    },
  })
  async define(
    @Param('name') name: string,
    @Body(new ValidatorPipe(ProjectionBody)) body: ProjectionBody,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ) {
    http.form()
    const { version, isNew } = await this.projections.define(name, { ...body }, access.agentId)
    void http.reply.status(isNew ? 201 : 200)
    return http.send(answerOf(version))
  }

  @Delete(':name')
  @Needs('admin.write')
  @Route('deleteProjection', {
    summary: 'Delete a projection',
    description: 'Its versions can still be asked for by number.',
    path: [NAME],
    answers: { 204: { description: 'Deleted.' } },
  })
  async remove(@Param('name') name: string, @CallerAccess() access: Access): Promise<void> {
    await this.projections.remove(name, access.agentId)
  }
}

function answerOf({ name, version, definition, definedBy, definedAt }: ProjectionVersion) {
  return { name, version, ...definition, definedBy, definedAt }
}
