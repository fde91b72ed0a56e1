// The routes of `/v1/upcasters`, which say how data of older events is read as the newest version of its type.
import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import type { Version } from '../definitions/definition-log.js'
import type { UpcasterDefinition } from '../upcasting/upcaster.js'
import { Upcasting } from '../upcasting/upcasting.service.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { UpcasterAnswer, UpcasterBody, UpcastersAnswer } from './upcasters.dto.js'

const TYPE = { name: 'type', description: 'The type of the events.', example: 'task.opened' }

@Controller('v1/upcasters')
export class UpcastersController {
  constructor(private readonly upcasting: Upcasting) {}

  @Get()
  @Needs('events.read')
  @Route('listUpcasters', {
    summary: 'List upcasters',
    description: 'All that are in force, without their operations.',
    answers: { 200: { description: 'The upcasters.', type: UpcastersAnswer } },
  })
  async list(@Http() http: HttpExchange) {
    http.form()
    const { current } = await this.upcasting.definitions.log()
    const upcasters = current.map(({ name, version, definition: { steps } }) => {
      return { type: name, version, from: steps[0]?.from, to: steps.at(-1)?.to }
    })
    return http.send({ upcasters })
  }

  @Get(':type')
  @Needs('events.read')
  @Route('readUpcaster', {
    summary: 'Read one upcaster',
    description: 'The steps that are in force for a type.',
    path: [TYPE],
    answers: { 200: { description: 'The upcaster.', type: UpcasterAnswer } },
  })
  async one(@Param('type') type: string, @Http() http: HttpExchange) {
    http.form()
    return http.send(answerOf(await this.upcasting.one(type)))
  }

  @Put(':type')
  @Needs('admin.write')
  @Route('defineUpcaster', {
    summary: 'Define how older events of a type are read',
    description:
      'In force for every state, replay and projection, and every read with `upcast=latest`, that begins from now on; stored events stay as they are. Live projections are made anew.',
    path: [TYPE],
    answers: {
      200: { description: 'There was one, and it is now as the body says.', type: UpcasterAnswer },
      201: { description: 'Defined.', type: UpcasterAnswer },
    },
  })
  async define(
    @Param('type') type: string,
    @Body(new ValidatorPipe(UpcasterBody)) body: UpcasterBody,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ) {
    http.form()
    const { version, isNew } = await this.upcasting.define(type, { steps: body.steps }, access.agentId)
    void http.reply.status(isNew ? 201 : 200)
    return http.send(answerOf(version))
  }

  @Delete(':type')
  @Needs('admin.write')
  @Route('deleteUpcaster', {
    summary: 'Delete an upcaster',
    description: 'Events of the type are read as they were written.',
    path: [TYPE],
    answers: { 204: { description: 'Deleted.' } },
  })
  async remove(@Param('type') type: string, @CallerAccess() access: Access): Promise<void> {
    await this.upcasting.remove(type, access.agentId)
  }
}

function answerOf({ name, version, definition, definedBy, definedAt }: Version<UpcasterDefinition>) {
  return { type: name, version, ...definition, definedBy, definedAt }
}
