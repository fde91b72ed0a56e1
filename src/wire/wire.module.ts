// Puts the answer to unhandled errors in force for the whole application, and holds the mode that every answer says.
import { Module } from '@nestjs/common'
import { APP_FILTER } from '@nestjs/core'
import { ModeHolder } from './mode.js'
import { ProblemFilter } from './problem.filter.js'

@Module({
  providers: [ProblemFilter, { provide: APP_FILTER, useExisting: ProblemFilter }, ModeHolder],
  exports: [ProblemFilter, ModeHolder],
})
export class WireModule {}
