// Denials of a front thread: the writer counts them and writes them down, so that they are one list of the process.
import { type ThreadCalls, ThreadNotice } from '../threads/thread-calls.js'
import { type Denial, Denials } from './denials.js'

const DENIAL = new ThreadNotice<Denial>('a denied request')

export class ToldDenials extends Denials {
  constructor(private readonly writer: ThreadCalls) {
    super()
  }

  override report(denial: Denial): void {
    this.writer.tell(DENIAL, denial)
  }
}

export function hearDenials(denials: Denials, front: ThreadCalls): void {
  front.hear(DENIAL, denial => denials.report(denial))
}
