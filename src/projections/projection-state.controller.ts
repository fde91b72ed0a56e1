// The routes `GET /v1/projections/{name}/state` and `/keys`, which answer the state of a projection at any moment.
import { Controller, Get, Param, Query } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { encoded } from '../wire/negotiation.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ProblemFilter } from '../wire/problem.filter.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { ProjectionStates } from './projection-states.service.js'
import {
  ProjectionKeysAnswer,
  ProjectionKeysParameters,
  ProjectionStateAnswer,
  ProjectionStateParameters,
} from './projections.dto.js'

const NAME = { name: 'name', description: 'The name of the projection.', example: 'tasks' }

@Controller('v1/projections')
export class ProjectionStateController {
  constructor(
    private readonly states: ProjectionStates,
    private readonly problems: ProblemFilter,
  ) {}

  @Get(':name/state')
  @Needs('events.read')
  @Route('readProjectionState', {
    summary: 'Read the state of a projection',
    description:
      'Of what the token may read, up to a position, an event or a time, themselves included. A live projection is answered from memory, with its position, to a token that may read all of its streams.',
    path: [NAME],
    answers: { 200: { description: 'The state.', type: ProjectionStateAnswer } },
  })
  async state(
    @Param('name') name: string,
    @Query(new ValidatorPipe(ProjectionStateParameters)) asked: ProjectionStateParameters,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<string | Buffer> {
    const form = http.form()
    const text = await this.states.state({ name, ...asked }, access, {
      signal: http.abortOnClose(),
      write: answer => encoded(this.told(answer, http.request), form),
    })
    http.announce(form)
    return text
  }

  @Get(':name/keys')
  @Needs('events.read')
  @Route('readProjectionKeys', {
    summary: 'Read the states of a projection by key',
    description:
      'A page of them. Pages of one moment are those with the `at` of the first one’s `position`; without it each is of its own.',
    path: [NAME],
    answers: { 200: { description: 'A page.', type: ProjectionKeysAnswer } },
  })
  async keys(
    @Param('name') name: string,
    @Query(new ValidatorPipe(ProjectionKeysParameters)) asked: ProjectionKeysParameters,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<string | Buffer> {
    const form = http.form()
    const text = await this.states.keys({ name, ...asked }, access, {
      signal: http.abortOnClose(),
      write: answer => encoded(this.told(answer, http.request), form),
    })
    http.announce(form)
    return text
  }

  private told({ problem, ...answer }: { readonly problem: unknown }, request: FastifyRequest): object {
    return problem === undefined ? answer : { ...answer, problem: this.problems.problem(problem, request) }
  }
}
