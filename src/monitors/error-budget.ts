// What an objective lets go wrong, and how fast that is spent: counts by the minute for hours, by the hour for a month. Pure.
import { SLICE_MS } from './service-levels.js'

const SLICES_OF_MINUTE = 60_000 / SLICE_MS
/** The longest window of a burn rate. */
const MINUTES = 360
/** The window of the budget itself, 30 days. */
const HOURS = 720

/** Counts in slots of one length, of which the oldest gives way to the newest. */
class Slots {
  private readonly good: Float64Array
  private readonly all: Float64Array
  private at = 0

  constructor(private readonly length: number) {
    this.good = new Float64Array(length)
    this.all = new Float64Array(length)
  }

  count(good: number, all: number): void {
    this.good[this.at] = (this.good[this.at] as number) + good
    this.all[this.at] = (this.all[this.at] as number) + all
  }

  next(): void {
    this.at = (this.at + 1) % this.length
    this.good[this.at] = 0
    this.all[this.at] = 0
  }

  /** Of the newest slots, the one that is being filled included. */
  sum(slots: number): { readonly good: number; readonly all: number } {
    let [good, all] = [0, 0]
    const count = Math.min(slots, this.length)
    for (let back = 0; back < count; back++) {
      const slot = (this.at - back + this.length) % this.length
      good += this.good[slot] as number
      all += this.all[slot] as number
    }
    return { good, all }
  }
}

export class ErrorBudget {
  private readonly minutes = new Slots(MINUTES)
  private readonly hours = new Slots(HOURS)
  private slices = 0
  /** Since the start of the process. */
  good = 0
  all = 0

  /** `share` is how much has to be good, less than 1. */
  constructor(private readonly share: number) {}

  /** To be called with what happened in each slice, nothing included: that is how time passes. */
  slice(good: number, all: number): void {
    this.good += good
    this.all += all
    this.minutes.count(good, all)
    this.hours.count(good, all)
    this.slices++
    if (this.slices % SLICES_OF_MINUTE === 0) this.minutes.next()
    if (this.slices % (SLICES_OF_MINUTE * 60) === 0) this.hours.next()
  }

  /** For how long this has been counted. */
  get livedMinutes(): number {
    return this.slices / SLICES_OF_MINUTE
  }

  samples(minutes: number): number {
    return this.minutes.sum(minutes).all
  }

  /** How many times faster than evenly over 30 days the budget was spent in the last minutes: 1 spends it exactly. */
  burn(minutes: number): number {
    const { good, all } = this.minutes.sum(minutes)
    return all === 0 ? 0 : (all - good) / all / (1 - this.share)
  }

  /** The part that is left of 30 days, or of the time since the start; below 0 when more is spent than there was. */
  get remaining(): number {
    const { good, all } = this.hours.sum(HOURS)
    return all === 0 ? 1 : 1 - (all - good) / all / (1 - this.share)
  }
}
