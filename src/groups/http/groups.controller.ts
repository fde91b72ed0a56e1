// The routes `/v1/subscriptions`: they define consumer groups, hand out and settle their events, and show their state.
import { Body, Controller, Delete, Get, Param, Post, Put, Query } from '@nestjs/common'
import type { Access } from '../../auth/access.js'
import { challengeOf } from '../../auth/authentication.js'
import { CallerAccess } from '../../auth/caller.decorator.js'
import { Needs } from '../../auth/scope.decorator.js'
import { TokenVerifier } from '../../auth/token-verifier.js'
import { Http, type HttpExchange } from '../../wire/http.decorator.js'
import { Route } from '../../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../../wire/validator.pipe.js'
import { Groups, type Nack } from '../groups.service.js'
import { timeOf } from '../state/group-status.js'
import { deliveriesAnswer, listAnswer } from './deliveries-answer.js'
import {
  AckBody,
  DefineGroupBody,
  ListGroupsQuery,
  NackBody,
  ParkedBody,
  ParkedQuery,
  TakeQuery,
} from './groups.dto.js'
import {
  DiscardedAnswer,
  GroupAnswer,
  GroupsAnswer,
  ParkedAnswer,
  ReplayedAnswer,
  SettledAnswer,
  TakeAnswer,
} from './groups-answers.dto.js'

type Text = string | Buffer

const NAME = {
  name: 'name',
  description: 'The name of the subscription: 1 to 64 of A-Z a-z 0-9 _ . - that start with a letter or digit.',
  example: 'builders',
}

@Controller('v1/subscriptions')
@Needs('streams.subscribe')
export class GroupsController {
  constructor(
    private readonly groups: Groups,
    private readonly verifier: TokenVerifier,
  ) {}

  @Get()
  @Route('listGroups', {
    summary: 'List subscriptions',
    description:
      'Those this token owns, consumes or may watch, in the order of their names, each with its definition and how far it has come.',
    answers: { 200: { description: 'A page of subscriptions.', type: GroupsAnswer } },
  })
  async list(
    @Query(new ValidatorPipe(ListGroupsQuery)) { after = '', limit = 1 }: ListGroupsQuery,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    http.form()
    return http.send(await this.groups.list({ after, limit }, access))
  }

  @Get(':name')
  @Route('readGroup', {
    summary: 'Read about one subscription',
    description: 'Its definition and how far it has come.',
    path: [NAME],
    answers: { 200: { description: 'The subscription.', type: GroupAnswer } },
  })
  async one(@Param('name') name: string, @CallerAccess() access: Access, @Http() http: HttpExchange): Promise<Text> {
    http.form()
    return http.send(await this.groups.view(name, access))
  }

  @Put(':name')
  @Route('defineGroup', {
    summary: 'Define a subscription, or change its settings',
    description:
      'A group of consumers to which each event that matches is handed out until it is settled: within what this token may subscribe to and manage (`subscriptions.manage`). `filter` and `after` stay as they are; the rest may be changed by the agent that defined it. A consumer may send the same as it is.',
    path: [NAME],
    answers: {
      200: { description: 'It existed, and is now as the body says.', type: GroupAnswer },
      201: { description: 'Defined.', type: GroupAnswer },
    },
  })
  async define(
    @Param('name') name: string,
    @Body(new ValidatorPipe(DefineGroupBody)) body: DefineGroupBody,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    http.form()
    const { filter = {}, after, consumers, ...settings } = body
    const named = consumers === undefined ? undefined : { agents: [], roles: [], ...consumers }
    const asked = { filter: { ...filter }, after, consumers: named, ...(settings as Required<typeof settings>) }
    const isNew = await this.groups.define(name, asked, access)
    void http.reply.status(isNew ? 201 : 200)
    return http.send(await this.groups.view(name, access))
  }

  @Delete(':name')
  @Route('deleteGroup', {
    summary: 'Delete a subscription',
    description: 'By the agent that defined it, or with admin.write. The events it handed out stay.',
    path: [NAME],
    answers: { 204: { description: 'Deleted.' } },
  })
  async remove(@Param('name') name: string, @CallerAccess() access: Access): Promise<void> {
    await this.groups.remove(name, access)
  }

  @Post(':name/take')
  @Route('takeFromGroup', {
    summary: 'Take events to work on',
    description:
      'Events this token may subscribe to, oldest first, each with the token by which it is settled before its deadline. Nobody else is given them until then.',
    path: [NAME],
    answers: { 200: { description: 'What there was in time, possibly nothing.', type: TakeAnswer } },
  })
  async take(
    @Param('name') name: string,
    @Query(new ValidatorPipe(TakeQuery)) { max = 1, wait = 0 }: TakeQuery,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    const form = http.form()
    const stillGood = () => this.mustStillBeGood(http)
    const deliveries = await this.groups.take(name, access, {
      max,
      waitMs: wait * 1_000,
      signal: http.abortOnClose(),
      stillGood,
    })
    http.announce(form)
    return deliveriesAnswer(deliveries, form)
  }

  /** Checks the token again, because it may have expired or been revoked while the request waited for events. */
  private async mustStillBeGood({ request, reply }: HttpExchange): Promise<void> {
    try {
      await this.verifier.stillGood(request.token)
    } catch (error) {
      void reply.header('WWW-Authenticate', challengeOf(error as Error))
      throw error
    }
  }

  @Post(':name/ack')
  @Route('ackDeliveries', {
    summary: 'Settle deliveries as done',
    description: 'All of them or none. Doing it again is harmless.',
    path: [NAME],
    answers: { 200: { description: 'They are settled.', type: SettledAnswer } },
  })
  async ack(
    @Param('name') name: string,
    @Body(new ValidatorPipe(AckBody)) { tokens }: AckBody,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    http.form()
    return http.send({ settled: await this.groups.ack(name, access, tokens) })
  }

  @Post(':name/nack')
  @Route('nackDeliveries', {
    summary: 'Settle deliveries as not done',
    description: 'To be tried again, put aside, or skipped. All of them or none. Doing it again is harmless.',
    path: [NAME],
    answers: { 200: { description: 'They are settled.', type: SettledAnswer } },
  })
  async nack(
    @Param('name') name: string,
    @Body(new ValidatorPipe(NackBody)) body: NackBody,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    http.form()
    return http.send({ settled: await this.groups.nack(name, access, body as Nack) })
  }

  @Get(':name/parked')
  @Route('listParkedEvents', {
    summary: 'List what is parked',
    description:
      'Those this token may subscribe to, with `admin.read` all of them, in order of position: why each is parked and, where the token covers it, the event.',
    path: [NAME],
    answers: { 200: { description: 'A page of parked events.', type: ParkedAnswer } },
  })
  async parked(
    @Param('name') name: string,
    @Query(new ValidatorPipe(ParkedQuery)) { after = 0, limit = 1 }: ParkedQuery,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    const form = http.form()
    const { list, next } = await this.groups.parked(name, access, { after, limit })
    const items = list.map(({ position, parked: { attempt, reason, atMs }, event }) => {
      return { fields: { position, attempts: attempt, reason, at: timeOf(atMs) }, event }
    })
    http.announce(form)
    return listAnswer('parked', items, { next }, form)
  }

  @Post(':name/parked/replay')
  @Route('replayParkedEvents', {
    summary: 'Hand parked events out again',
    description:
      'By the agent that defined the subscription, or with admin.write. They have all their attempts before them.',
    path: [NAME],
    answers: { 200: { description: 'They are no longer parked.', type: ReplayedAnswer } },
  })
  async replay(
    @Param('name') name: string,
    @Body(new ValidatorPipe(ParkedBody)) { positions }: ParkedBody,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    http.form()
    return http.send({ replayed: await this.groups.replay(name, access, positions) })
  }

  @Post(':name/parked/discard')
  @Route('discardParkedEvents', {
    summary: 'Give parked events up',
    description:
      'By the agent that defined the subscription, or with admin.write. The events themselves stay in the log.',
    path: [NAME],
    answers: { 200: { description: 'They are no longer parked.', type: DiscardedAnswer } },
  })
  async discard(
    @Param('name') name: string,
    @Body(new ValidatorPipe(ParkedBody)) { positions }: ParkedBody,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    http.form()
    return http.send({ discarded: await this.groups.discard(name, access, positions) })
  }
}
