// What a row of the paired bench is.
import type { Side, Subject } from './side.js'

export interface Started {
  readonly side: Side
  /** Where a side may keep files; whoever starts it removes what lies there. */
  readonly directory: string
}

export interface PairRow {
  readonly name: string
  readonly what: string
  readonly unit: string
  readonly better: 'more' | 'less'
  start(started: Started): Promise<Subject>
}
