// `GET /v1/streams` and `GET /v1/streams/{stream}`: lists streams and describes one.
import { Controller, Get, Param, Query } from '@nestjs/common'
import { streamState } from '../appending/preconditions.js'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { CostlyReads } from '../auth/costly-reads.js'
import { Needs } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { entityTag } from '../wire/negotiation.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { StreamAnswerDto, StreamsAnswerDto, StreamsQueryDto } from './indexing.dto.js'
import { Streams } from './streams.service.js'

@Controller('v1/streams')
export class StreamsController {
  constructor(
    private readonly streams: Streams,
    private readonly costly: CostlyReads,
  ) {}

  @Get()
  @Needs('events.read')
  @Route('listStreams', {
    summary: 'List streams',
    description: 'Names that match, in order, each with its revision and last position.',
    answers: { 200: { description: 'A page of streams.', type: StreamsAnswerDto } },
  })
  async list(
    @Query(new ValidatorPipe(StreamsQueryDto)) query: StreamsQueryDto,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<string | Buffer> {
    const page = await this.costly.run(access, http, () => this.streams.list(query, access)).catch(inQuery)
    return http.send(page)
  }

  @Get(':stream')
  @Needs('events.read')
  @Route('readStream', {
    summary: 'Read about one stream',
    description: 'Its revision, its first and last event, and how many events there are.',
    path: [{ name: 'stream', description: 'The name of a stream.', example: 'agent_builder-1' }],
    answers: { 200: { description: 'The stream.', type: StreamAnswerDto } },
  })
  async one(
    @Param('stream') stream: string,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<string | Buffer> {
    const form = http.form()
    const found = await this.streams.one(stream, access)
    const state = streamState(found.revision, found.first?.revision ?? found.revision + 1)
    void http.reply.header('etag', entityTag(state, form))
    return http.send(found)
  }
}

/** The store's field `streams` is the parameter `match` here, so its findings are renamed. */
function inQuery(error: unknown): never {
  const { code, errors, message } = error as StoreError
  if (code !== 'INVALID_REQUEST') throw error
  const named = errors.map(({ pointer, detail }) => ({ pointer: pointer.replace(/^\/streams/, '/match'), detail }))
  throw new StoreError(code, message.replace('/streams', '/match'), { errors: named })
}
