// The routes `POST /v1/replay` and `GET /v1/streams/{stream}/state`, which fold history up to any moment.
import type { Readable } from 'node:stream'
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { ReplayAnswerDto, ReplayDto, StreamStateAnswerDto, StreamStateParameters } from '../folding/replay.dto.js'
import { answerOf } from '../folding/replay-answer.js'
import { Replays } from '../folding/replays.service.js'
import { NdjsonAnswers } from '../streaming/ndjson-answers.service.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { encoded } from '../wire/negotiation.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'

const FORMS = ['json', 'msgpack', 'ndjson'] as const
const PROGRESS_EVENTS = 10_000

@Controller('v1')
export class ReplayController {
  constructor(
    private readonly replays: Replays,
    private readonly lines: NdjsonAnswers,
    private readonly store: EventStore,
  ) {}

  @Post('replay')
  @Needs('events.read')
  @Route('replayEvents', {
    summary: 'Fold events into a state',
    description:
      'The state after all events that match, from `after` to `at`. With `Accept: application/x-ndjson`: frames of progress, or the state after every event, then the last state and an `end` frame.',
    answers: { 200: { description: 'The state.', type: ReplayAnswerDto } },
  })
  @ApiBody({ type: ReplayDto })
  async replay(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Body(new ValidatorPipe(ReplayDto)) asked: ReplayDto,
  ): Promise<string | Buffer | Readable> {
    const form = http.form(FORMS)
    const plan = await this.replays.plan(asked, access)
    http.announce(form)
    if (form === 'ndjson') {
      const { every = PROGRESS_EVENTS, states = false } = asked
      const frames = this.replays.frames(plan, access, { every, states })
      return this.lines.send(frames, http)
    }
    return encoded(answerOf(await this.replays.state(plan, access, http.abortOnClose())), form)
  }

  @Get('streams/:stream/state')
  @Needs('events.read')
  @Route('readStreamState', {
    summary: 'Read the state of a stream',
    description: 'Its events folded up to a position, an event or a time, themselves included.',
    path: [{ name: 'stream', description: 'The name of the stream, its slashes as %2F.', example: 'agent_builder-1' }],
    answers: { 200: { description: 'The state.', type: StreamStateAnswerDto } },
  })
  async streamState(
    @Param('stream') stream: string,
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Query(new ValidatorPipe(StreamStateParameters)) { at, reducer, key }: StreamStateParameters,
  ): Promise<string | Buffer> {
    const form = http.form()
    if (!access.covers('events.read', stream) || (await this.store.stream(stream)) === undefined) {
      throw new StoreError('NOT_FOUND', 'There is no such stream, or the token may not read it.')
    }
    const asked = Object.assign(new ReplayDto(), { filter: { streams: [stream] }, at, reducer, key })
    const replayed = await this.replays.state(await this.replays.plan(asked, access), access, http.abortOnClose())
    http.announce(form)
    return encoded({ stream, ...answerOf(replayed) }, form)
  }
}
