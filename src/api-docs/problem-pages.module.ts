// Serves a page for every problem, also where the API docs are off, because the `type` of each problem links there.
import { Module } from '@nestjs/common'
import { ProblemPagesController } from './problem-pages.controller.js'

@Module({ controllers: [ProblemPagesController] })
export class ProblemPagesModule {}
