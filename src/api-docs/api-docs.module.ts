// What the server says of itself: Swagger UI, the OpenAPI document, and a page for every problem.
import { type DynamicModule, Module } from '@nestjs/common'
import { ApiDocsOptions, DocsController } from './docs.controller.js'
import { ProblemPagesController } from './problem-pages.controller.js'

@Module({})
export class ApiDocsModule {
  /** Problems are always explained: their `type` points there. */
  static of(options: ApiDocsOptions, enabled: boolean): DynamicModule {
    return {
      module: ApiDocsModule,
      controllers: enabled ? [DocsController, ProblemPagesController] : [ProblemPagesController],
      providers: [{ provide: ApiDocsOptions, useValue: options }],
    }
  }
}
