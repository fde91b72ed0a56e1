// `GET /v1/whoami`: who a token is to this server, what it may do and for how long, and what is left of its limits.
import { Controller, Get } from '@nestjs/common'
import { Needs } from '../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { WhoAmIAnswer } from './whoami.dto.js'
import { WhoAmI } from './whoami.service.js'

@Controller('v1/whoami')
export class WhoAmIController {
  constructor(private readonly who: WhoAmI) {}

  @Get()
  @Needs('any')
  @Route('whoAmI', {
    summary: 'Who the token is',
    description:
      'The agent and its role, the patterns of its scopes with `own` and `all` replaced by what they stand for, its limits with what is left of them, and when the token ends.',
    answers: { 200: { description: 'What the server makes of the token.', type: WhoAmIAnswer } },
  })
  async whoAmI(@Http() http: HttpExchange): Promise<string | Buffer> {
    return http.send(await this.who.tell(http.request.token))
  }
}
