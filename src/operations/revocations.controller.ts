// `/v1/admin/revocations`: the tokens that are refused although they have not expired.
import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import { RevocationAnswerDto, RevocationDto, RevocationsAnswerDto } from './revocations.dto.js'
import { TokenRevocations } from './revocations.service.js'

@Controller('v1/admin/revocations')
export class RevocationsController {
  constructor(private readonly revocations: TokenRevocations) {}

  @Get()
  @Needs('admin.read')
  @Route('listRevocations', {
    summary: 'List what is revoked',
    description: 'Agents and tokens, oldest first.',
    answers: { 200: { description: 'All that stand.', type: RevocationsAnswerDto } },
  })
  async list(@Http() http: HttpExchange): Promise<string | Buffer> {
    return http.send({ revocations: await this.revocations.list() })
  }

  @Post()
  @Needs('admin.write')
  @Route('revokeTokens', {
    summary: 'Revoke tokens',
    description:
      'One token by its `jti`, or all of an agent, from now on and until restored, restarts included. Open connections are closed within seconds.',
    answers: { 201: { description: 'It is in force.', type: RevocationAnswerDto } },
  })
  @ApiBody({ type: RevocationDto })
  async revoke(
    @Http() http: HttpExchange,
    @CallerAccess() access: Access,
    @Body(new ValidatorPipe(RevocationDto)) asked: RevocationDto,
  ): Promise<string | Buffer> {
    return http.send(await this.revocations.revoke(asked, access))
  }

  @Delete(':kind/:id')
  @Needs('admin.write')
  @Route('restoreTokens', {
    summary: 'Restore what was revoked',
    description: 'Tokens that have not expired are good again.',
    path: [
      { name: 'kind', description: 'agent or token.', enum: ['agent', 'token'], example: 'agent' },
      { name: 'id', description: 'The name of the agent, or the jti of the token.', example: 'builder-1' },
    ],
    answers: { 204: { description: 'It is restored.' } },
  })
  async restore(@Param('kind') kind: string, @Param('id') id: string, @CallerAccess() access: Access): Promise<void> {
    if (kind !== 'agent' && kind !== 'token') throw new StoreError('NOT_FOUND', 'Agents and tokens can be revoked.')
    await this.revocations.restore({ kind, id }, access)
  }
}
