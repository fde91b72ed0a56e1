// How fast a figure grows, by linear regression, and how sure that is. Pure.

export interface Point {
  readonly hours: number
  readonly value: number
}

export interface Growth {
  /** What the figure grows by in an hour, as a share of its mean. */
  readonly sharePerHour: number
  /** It grows by at least this, with a certainty of more than 99 %. */
  readonly atLeast: number
}

/** Standard errors below the slope. Three allow for points that depend on the ones before them. */
const ERRORS_OF_DOUBT = 3

/** Undefined when there are too few points, or they lie at one time. */
export function growthOf(points: readonly Point[]): Growth | undefined {
  const count = points.length
  if (count < 3) return undefined
  const hours = meanOf(points, point => point.hours)
  const mean = meanOf(points, point => point.value)
  let spread = 0
  let shared = 0
  for (const point of points) {
    spread += (point.hours - hours) ** 2
    shared += (point.hours - hours) * (point.value - mean)
  }
  if (spread === 0 || mean <= 0) return undefined
  const slope = shared / spread
  let missed = 0
  for (const point of points) missed += (point.value - mean - slope * (point.hours - hours)) ** 2
  const error = Math.sqrt(missed / (count - 2) / spread)
  return { sharePerHour: slope / mean, atLeast: (slope - ERRORS_OF_DOUBT * error) / mean }
}

function meanOf(points: readonly Point[], of: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + of(point), 0) / points.length
}
