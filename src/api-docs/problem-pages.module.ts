// A page for every problem, also where the API itself is not shown: the `type` of each points there.
import { Module } from '@nestjs/common'
import { ProblemPagesController } from './problem-pages.controller.js'

@Module({ controllers: [ProblemPagesController] })
export class ProblemPagesModule {}
