// `GET /docs` is Swagger UI; `/openapi.json` and `/asyncapi.json` are committed files that tests compare with the code.
import { readFile } from 'node:fs/promises'
import { applyDecorators, Controller, Get, Header, Inject, Param, Res } from '@nestjs/common'
import { ApiExcludeController } from '@nestjs/swagger'
import type { FastifyReply } from 'fastify'
import { Public } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { ReadOnce } from './read-once.js'
import { DOCS_FILES, DOCS_POLICY, docsPage } from './swagger-files.js'

/** The content of the pages besides the document. The class is also the token it is injected by. */
export abstract class ApiDocsOptions {
  /** Set only on a development server, whose loopback address nobody else can reach. */
  abstract readonly developmentToken: string | undefined
}

// src and dist are equally deep, so this path leads to the repository's folder from both.
const document = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url))

/** A page of another site must not run, show or frame these pages. A route's headers are sent on its errors too. */
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
