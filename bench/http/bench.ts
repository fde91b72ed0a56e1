// What every part of the HTTP bench is given.
import type { Report } from '../engine/report.js'
import type { Running } from './servers.js'

export interface HttpBench {
  readonly report: Report
  readonly lighthouse: Running
  readonly bare: Running
  /** The header's value. */
  readonly authorization: string
  readonly rounds: number
  readonly seconds: number
  readonly directory: string
}
