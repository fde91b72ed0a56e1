// Serves what is there also where the API docs are off: `/`, and a page for every problem, to which its `type` links.
import { Module } from '@nestjs/common'
import { ProblemPagesController } from './problem-pages.controller.js'
import { RootController } from './root.controller.js'

@Module({ controllers: [ProblemPagesController, RootController] })
export class ProblemPagesModule {}
