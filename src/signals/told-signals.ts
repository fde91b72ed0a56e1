// Signals of a front thread: it tells the writer of them, which alone decides what follows from them.
import { type ThreadCalls, ThreadNotice } from '../threads/thread-calls.js'
import { type Signal, Signals } from './signals.js'

const SIGNAL = new ThreadNotice<Signal>('a signal')

/** Holds nothing, so nothing here hears of a level: of all threads together that is the writer's to say. */
export class ToldSignals extends Signals {
  constructor(private readonly writer: ThreadCalls) {
    super()
  }

  override tell(signal: Signal): void {
    this.writer.tell(SIGNAL, signal)
  }
}

export function hearSignals(signals: Signals, front: ThreadCalls): void {
  front.hear(SIGNAL, signal => signals.tell(signal))
}
