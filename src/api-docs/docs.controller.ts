// `GET /docs` is Swagger UI, `GET /openapi.json` the document it shows, `GET /asyncapi.json` its sister for frames: the committed ones, which tests hold to the code.
import { readFile } from 'node:fs/promises'
import { Controller, Get, Header, Inject, Param, Res } from '@nestjs/common'
import { ApiExcludeController } from '@nestjs/swagger'
import type { FastifyReply } from 'fastify'
import { Public } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { DOCS_PAGE, DOCS_POLICY, SWAGGER_FILES, startScript, swaggerFile } from './swagger-files.js'

/** What the pages may show besides the document. Also the token it is injected by. */
export abstract class ApiDocsOptions {
  /** Only a development server has one, and only whoever reaches its loopback address sees it. */
  abstract readonly developmentToken: string | undefined
}

// src and dist lie equally deep, so this is the repository's folder from either.
const document = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url))

@ApiExcludeController()
@Controller()
@Public()
export class DocsController {
  private openApiDocument: Promise<Buffer> | undefined
  private asyncApiDocument: Promise<Buffer> | undefined

  constructor(@Inject(ApiDocsOptions) private readonly options: ApiDocsOptions) {}

  @Get('openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  openApi(): Promise<Buffer> {
    this.openApiDocument ??= document('openapi.json')
    return this.openApiDocument
  }

  @Get('asyncapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  asyncApi(): Promise<Buffer> {
    this.asyncApiDocument ??= document('asyncapi.json')
    return this.asyncApiDocument
  }

  @Get('docs')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', DOCS_POLICY)
  page(): string {
    return DOCS_PAGE
  }

  @Get('docs/start.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('cache-control', 'no-store')
  start(): string {
    return startScript(this.options.developmentToken)
  }

  @Get('docs/:file')
  @Header('cache-control', 'public, max-age=86400')
  async file(@Param('file') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    if (!Object.hasOwn(SWAGGER_FILES, name)) throw new StoreError('NOT_FOUND', 'There is no such page')
    const known = name as keyof typeof SWAGGER_FILES
    void reply.type(SWAGGER_FILES[known])
    return swaggerFile(known)
  }
}
