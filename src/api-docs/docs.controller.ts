// `GET /docs` is Swagger UI, `GET /openapi.json` the document it shows, `GET /asyncapi.json` its sister for frames: the committed ones, which tests hold to the code.
import { readFile } from 'node:fs/promises'
import { applyDecorators, Controller, Get, Header, Inject, Param, Res } from '@nestjs/common'
import { ApiExcludeController } from '@nestjs/swagger'
import type { FastifyReply } from 'fastify'
import { Public } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { ReadOnce } from './read-once.js'
import { DOCS_FILES, DOCS_POLICY, docsPage } from './swagger-files.js'

/** What the pages may show besides the document. Also the token it is injected by. */
export abstract class ApiDocsOptions {
  /** Only a development server has one, and only whoever reaches its loopback address sees it. */
  abstract readonly developmentToken: string | undefined
}

// src and dist lie equally deep, so this is the repository's folder from either.
const document = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url))

/** No page of elsewhere may run, show or frame what is served here; headers of a route stand on its errors too. */
const OnlyForOwnPages = () =>
  applyDecorators(Header('cross-origin-resource-policy', 'same-origin'), Header('x-frame-options', 'DENY'))

@ApiExcludeController()
@Controller()
@Public()
export class DocsController {
  private readonly openApiDocument = new ReadOnce(() => document('openapi.json'))
  private readonly asyncApiDocument = new ReadOnce(() => document('asyncapi.json'))

  constructor(@Inject(ApiDocsOptions) private readonly options: ApiDocsOptions) {}

  @Get('openapi.json')
  @OnlyForOwnPages()
  @Header('content-type', 'application/json; charset=utf-8')
  openApi(): Promise<Buffer> {
    return this.openApiDocument.read()
  }

  @Get('asyncapi.json')
  @OnlyForOwnPages()
  @Header('content-type', 'application/json; charset=utf-8')
  asyncApi(): Promise<Buffer> {
    return this.asyncApiDocument.read()
  }

  @Get('docs')
  @OnlyForOwnPages()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', DOCS_POLICY)
  @Header('cross-origin-opener-policy', 'same-origin')
  page(): string {
    return docsPage(this.options.developmentToken)
  }

  @Get('docs/:file')
  @OnlyForOwnPages()
  @Header('cache-control', 'public, max-age=86400')
  async file(@Param('file') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer | string> {
    if (!Object.hasOwn(DOCS_FILES, name)) {
      void reply.header('cache-control', 'no-store')
      throw new StoreError('NOT_FOUND', 'There is no such page')
    }
    const { type, content } = DOCS_FILES[name as keyof typeof DOCS_FILES]
    void reply.type(type)
    return content()
  }
}
