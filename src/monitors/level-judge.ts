// Judges a figure by its thresholds, with patience: one bad window raises nothing, and one good window ends nothing.
import type { SignalLevel } from '../signals/signals.js'

export interface Threshold {
  readonly warning: number
  readonly critical: number
}

/** A level ends only below this part of its threshold, so that a figure at the threshold does not swing. */
export const ENDS_AT = 0.85

const USUAL_ENDS: Threshold = { warning: ENDS_AT, critical: ENDS_AT }

/**
 * What comes back within an hour of windows ends later: after twice as many windows with each return, up to a quarter of
 * an hour. A figure that swings about its threshold would come and go all day else.
 */
const CALM_WINDOWS = 720
const MOST_WINDOWS = 180

export class LevelJudge {
  private readonly warning: Turn
  private readonly critical: Turn

  constructor(
    private readonly threshold: Threshold,
    windows: number,
    /** The part of each threshold below which its level ends. */
    private readonly endsAt = USUAL_ENDS,
  ) {
    this.warning = new Turn(windows)
    this.critical = new Turn(windows)
  }

  get level(): SignalLevel {
    if (this.critical.isOn) return 'critical'
    return this.warning.isOn ? 'warning' : 'ok'
  }

  /** `figure` is undefined when too little happened in the window to say anything; that speaks for the end of a level. */
  judge(figure: number | undefined): SignalLevel {
    const up = figure === undefined ? 0 : rankOf(figure, this.threshold, AT_ONCE)
    const down = figure === undefined ? 0 : rankOf(figure, this.threshold, this.endsAt)
    this.warning.judge(up >= 1, down >= 1)
    this.critical.judge(up >= 2, down >= 2)
    return this.level
  }
}

/** Whether one level stands. */
class Turn {
  isOn = false
  /** The windows in a row that speak for the other state. */
  private run = 0
  private windowsOff = CALM_WINDOWS
  private returns = 0

  constructor(private readonly windows: number) {}

  judge(begins: boolean, stays: boolean): void {
    if (!this.isOn) this.windowsOff++
    this.run = (this.isOn ? !stays : begins) ? this.run + 1 : 0
    if (this.run < (this.isOn ? this.windowsToEnd : this.windows)) return
    this.isOn = !this.isOn
    this.run = 0
    if (this.isOn) this.returns = this.windowsOff < CALM_WINDOWS ? this.returns + 1 : 0
    else this.windowsOff = 0
  }

  private get windowsToEnd(): number {
    return Math.min(this.windows * 2 ** this.returns, MOST_WINDOWS)
  }
}

const AT_ONCE: Threshold = { warning: 1, critical: 1 }

function rankOf(figure: number, { warning, critical }: Threshold, part: Threshold): number {
  return figure > critical * part.critical ? 2 : figure > warning * part.warning ? 1 : 0
}
