// How fast the volume of the data fills: a straight line through what was used in each hour of the last week.

const HOUR_MS = 3_600_000
const KEPT_HOURS = 7 * 24
/** Fewer say nothing: the first hours of a server are not like those after them. */
const LEAST_HOURS = 6

export class VolumeGrowth {
  private readonly points: { readonly hour: number; readonly usedBytes: number }[] = []

  /** Keeps the first measurement of each hour. `nowMs` is of a clock that no step of the wall clock moves. */
  note(nowMs: number, usedBytes: number): void {
    const hour = Math.floor(nowMs / HOUR_MS)
    if (this.points.at(-1)?.hour === hour) return
    this.points.push({ hour, usedBytes })
    if (this.points.length > KEPT_HOURS) this.points.shift()
  }

  /** By least squares, negative where the volume empties; undefined while there are too few hours to say anything. */
  get bytesPerDay(): number | undefined {
    const { points } = this
    const [first] = points
    if (first === undefined || points.length < LEAST_HOURS) return undefined
    const middle = points.reduce((sum, { hour }) => sum + hour, 0) / points.length
    let above = 0
    let below = 0
    for (const { hour, usedBytes } of points) {
      above += (hour - middle) * (usedBytes - first.usedBytes)
      below += (hour - middle) ** 2
    }
    return (above / below) * 24
  }
}
