// Judges a figure by its thresholds, with patience: one bad window raises nothing, and one good window ends nothing.
import type { SignalLevel } from '../signals/signals.js'

export interface Threshold {
  readonly warning: number
  readonly critical: number
}

/** A level ends only below this part of its threshold, so that a figure at the threshold does not swing. */
export const ENDS_AT = 0.85

const USUAL_ENDS: Threshold = { warning: ENDS_AT, critical: ENDS_AT }

const RANKS: readonly SignalLevel[] = ['ok', 'warning', 'critical']

export class LevelJudge {
  private rank = 0
  /** The windows in a row that ask for a higher level, or a lower one, and the least change that all of them ask for. */
  private raising = { windows: 0, to: 0 }
  private lowering = { windows: 0, to: 0 }

  constructor(
    private readonly threshold: Threshold,
    private readonly windows: number,
    /** The part of each threshold below which its level ends. */
    private readonly endsAt = USUAL_ENDS,
  ) {}

  get level(): SignalLevel {
    return RANKS[this.rank] as SignalLevel
  }

  /** `figure` is undefined when too little happened in the window to say anything; that speaks for the end of a level. */
  judge(figure: number | undefined): SignalLevel {
    const up = figure === undefined ? 0 : rankOf(figure, this.threshold, AT_ONCE)
    const down = figure === undefined ? 0 : rankOf(figure, this.threshold, this.endsAt)
    const { rank } = this
    this.raising = up > rank ? longer(this.raising, Math.min, up) : NONE
    this.lowering = down < rank ? longer(this.lowering, Math.max, down) : NONE
    if (this.raising.windows >= this.windows) this.become(this.raising.to)
    else if (this.lowering.windows >= this.windows) this.become(this.lowering.to)
    return this.level
  }

  private become(rank: number): void {
    this.rank = rank
    this.raising = NONE
    this.lowering = NONE
  }
}

const NONE = { windows: 0, to: 0 }

function longer(run: typeof NONE, pick: (one: number, other: number) => number, to: number): typeof NONE {
  return { windows: run.windows + 1, to: run.windows === 0 ? to : pick(run.to, to) }
}

const AT_ONCE: Threshold = { warning: 1, critical: 1 }

function rankOf(figure: number, { warning, critical }: Threshold, part: Threshold): number {
  return figure > critical * part.critical ? 2 : figure > warning * part.warning ? 1 : 0
}
