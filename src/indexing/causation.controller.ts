// `GET /v1/events/{id}/causes`, `/effects` and `GET /v1/correlations/{id}`: why events happened and what they caused.
import { Controller, Get, Param, Query } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { LIMITS } from '../contract/limits.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { pageOf } from '../wire/page.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import type { Graph, GraphLimits, GraphNode } from './causal-graph.js'
import {
  GRAPH_DEPTH_DEFAULT,
  GRAPH_NODES_DEFAULT,
  GraphAnswerDto,
  type GraphEventDto,
  GraphParameters,
  StoryAnswerDto,
  StoryParameters,
} from './causation.dto.js'
import { Causation } from './causation.service.js'

const EVENT = { name: 'id', description: 'An event id or a position.', example: '1201' }

@Controller('v1')
export class CausationController {
  constructor(private readonly causation: Causation) {}

  @Get('events/:id/causes')
  @Needs('events.read')
  @Route('readCauses', {
    summary: 'Read why an event happened',
    description: 'Its ancestors over `causationId` and `parents`, level by level; what is missing is shown as missing.',
    path: [EVENT],
    answers: { 200: { description: 'The event and its ancestors.', type: GraphAnswerDto } },
  })
  async causes(
    @Param('id') id: string,
    @Query(new ValidatorPipe(GraphParameters)) query: GraphParameters,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<string | Buffer> {
    return http.send(told(await this.causation.causes(id, access, limitsOf(query))))
  }

  @Get('events/:id/effects')
  @Needs('events.read')
  @Route('readEffects', {
    summary: 'Read what came of an event',
    description: 'Its descendants: events that name it, or one of them, as `causationId` or among their `parents`.',
    path: [EVENT],
    answers: { 200: { description: 'The event and its descendants.', type: GraphAnswerDto } },
  })
  async effects(
    @Param('id') id: string,
    @Query(new ValidatorPipe(GraphParameters)) query: GraphParameters,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<string | Buffer> {
    return http.send(told(await this.causation.effects(id, access, limitsOf(query))))
  }

  @Get('correlations/:id')
  @Needs('events.read')
  @Route('readCorrelation', {
    summary: 'Read a whole story',
    description: 'All events of a correlation id in the order of the log, and which of them caused which.',
    path: [{ name: 'id', description: 'The correlation id.', example: 'build-42' }],
    answers: { 200: { description: 'A page of the story.', type: StoryAnswerDto } },
  })
  async story(
    @Param('id') correlationId: string,
    @Query(new ValidatorPipe(StoryParameters)) { after = 0, limit = LIMITS.readLimitDefault }: StoryParameters,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<string | Buffer> {
    const form = http.form()
    const { events, links, outside, next } = await this.causation.story(correlationId, access, { after, limit })
    http.announce(form)
    return pageOf(events, { correlationId, links, outside, next }, form)
  }
}

function limitsOf({ depth = GRAPH_DEPTH_DEFAULT, limit = GRAPH_NODES_DEFAULT }: GraphParameters): GraphLimits {
  return { depth, nodes: limit }
}

function told({ nodes, links, complete }: Graph): GraphAnswerDto {
  return { events: nodes.map(eventOf), links: [...links], complete }
}

function eventOf({ id, depth, event }: GraphNode): GraphEventDto {
  if (event === undefined) return { id, depth, missing: true }
  const { position, stream, type, timestamp, agentId } = event
  return { id, depth, missing: false, position, stream, type, timestamp, agentId }
}
