// `/v1/admin/mode`: which mode the service is in and why, and the operator's word on it.
import { Body, Controller, Get, Post } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { ModeAnswerDto, ModeDto } from './mode.dto.js'
import { ModeControl } from './mode-control.service.js'

@Controller('v1/admin/mode')
export class ModeController {
  constructor(private readonly control: ModeControl) {}

  @Get()
  @Needs('admin.read')
  @Route('readMode', {
    summary: 'The mode of the service',
    description: 'Since when it is in this mode, what caused it, what was measured, and how it ends.',
    answers: { 200: { description: 'The mode.', type: ModeAnswerDto } },
  })
  mode(@Http() http: HttpExchange): string | Buffer {
    return http.send(this.control.answer())
  }

  @Post()
  @Needs('admin.write')
  @Route('forceMode', {
    summary: 'Force a mode, or release it',
    description:
      'EMERGENCY refuses appends until it is released, restarts included; WARNING only shows. NORMAL releases what was forced, and says that damage is over once the store is whole again: EMERGENCY then ends as any other, by trial writes and a growing share of the appends. What has another cause goes on.',
    answers: { 200: { description: 'The mode from now on.', type: ModeAnswerDto } },
  })
  @ApiBody({ type: ModeDto })
  force(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Body(new ValidatorPipe(ModeDto)) asked: ModeDto,
  ): string | Buffer {
    return http.send(this.control.force(asked, access))
  }
}
