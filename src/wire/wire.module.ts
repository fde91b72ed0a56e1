// Puts the answer to unhandled errors in force for the whole application.
import { Module } from '@nestjs/common'
import { APP_FILTER } from '@nestjs/core'
import { ProblemFilter } from './problem.filter.js'

@Module({ providers: [{ provide: APP_FILTER, useClass: ProblemFilter }] })
export class WireModule {}
