// `GET /` says what answers here and where to go on: a page for browsers is the API's, everybody else gets links.
import { readFile } from 'node:fs/promises'
import { Controller, Get } from '@nestjs/common'
import { ApiExcludeController } from '@nestjs/swagger'
import { Public } from '../auth/scope.decorator.js'
import { Settings } from '../config/settings.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { ReadOnce } from './read-once.js'

const ALWAYS = { health: '/health', problems: '/problems' }
const OF_DOCS = { docs: '/docs', openapi: '/openapi.json', asyncapi: '/asyncapi.json' }

@ApiExcludeController()
@Controller()
@Public()
export class RootController {
  // src and dist are equally deep, so this path leads to the repository's folder from both.
  private readonly description = new ReadOnce(() => readFile(new URL('../../package.json', import.meta.url)))

  constructor(private readonly settings: Settings) {}

  @Get()
  async root(@Http() { request, reply }: HttpExchange): Promise<string> {
    const { docsEnabled } = this.settings
    void reply.header('vary', 'Accept')
    if (docsEnabled && request.headers.accept?.includes('text/html')) {
      void reply.status(302).header('location', OF_DOCS.docs)
      return ''
    }
    void reply.type('application/json; charset=utf-8')
    const name = 'Lighthouse'
    // A server that shows no documentation does not tell strangers of which version it is either.
    if (!docsEnabled) return JSON.stringify({ name, ...ALWAYS })
    const { version } = JSON.parse((await this.description.read()).toString()) as { version: string }
    return JSON.stringify({ name, version, ...OF_DOCS, ...ALWAYS })
  }
}
