// Provides what keeps the state of service streams under retention.
import { Module } from '@nestjs/common'
import { RetentionRewrite } from './retention-rewrite.service.js'

@Module({ providers: [RetentionRewrite], exports: [RetentionRewrite] })
export class ServiceStreamsModule {}
