// Merges iterators of events, each in the order of time, into one order of time, and looks at one event of each at most.
import type { GeneratedEvent } from './generated-event.js'

interface Line {
  event: GeneratedEvent
  readonly rest: Iterator<GeneratedEvent>
}

export class TimeOrder {
  /** By the time of their next events, the latest first. */
  private readonly lines: Line[] = []

  add(events: Iterator<GeneratedEvent>): void {
    const first = events.next()
    if (first.done !== true) this.insert({ event: first.value, rest: events })
  }

  /** What happens before a time in microseconds. */
  *before(at: number): Generator<GeneratedEvent, void, void> {
    for (let line = this.lines.at(-1); line !== undefined && line.event.at < at; line = this.lines.at(-1)) {
      this.lines.pop()
      const { event } = line
      const next = line.rest.next()
      if (next.done !== true) {
        line.event = next.value
        this.insert(line)
      }
      yield event
    }
  }

  /** Behind those of the same time, so that of two events of one session the first stays first. */
  private insert(line: Line): void {
    let low = 0
    let high = this.lines.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.lines[middle] as Line).event.at > line.event.at) low = middle + 1
      else high = middle
    }
    this.lines.splice(low, 0, line)
  }
}

export function byTime<T>(time: (item: T) => number): (a: T, b: T) => number {
  return (a, b) => time(a) - time(b)
}
