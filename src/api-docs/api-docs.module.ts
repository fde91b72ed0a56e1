// Serves the documentation of the API: Swagger UI, and the documents of its routes and frames.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { AuthOptions } from '../auth/auth-options.js'
import { Settings } from '../config/settings.js'
import { developmentToken } from './development-token.js'
import { ApiDocsOptions, DocsController } from './docs.controller.js'

async function optionsOf(settings: Settings, auth: AuthOptions): Promise<ApiDocsOptions> {
  return { developmentToken: await developmentToken(settings, auth) }
}

@Module({
  imports: [AuthModule],
  controllers: [DocsController],
  providers: [{ provide: ApiDocsOptions, useFactory: optionsOf, inject: [Settings, AuthOptions] }],
})
export class ApiDocsModule {}
