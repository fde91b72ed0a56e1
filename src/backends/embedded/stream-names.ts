// Lists stream names in order, each once: the sorted names of every segment are merged as the consumer takes them.
import type { StreamsRequest } from '../../contract/event-store.js'
import { compileListing } from '../../contract/filter.js'
import { Turn } from '../../contract/turns.js'
import type { ReadableLog } from './engine/readable-log.js'
import { SealedSegment } from './engine/segment/sealed-segment.js'
import { KIND } from './terms.js'
import { withIndexRepair } from './with-index-repair.js'

/** Sorted names of one source, which are read only as far as the merge needs them. */
class Names {
  name: string | undefined
  private rest: Iterator<string> | undefined

  constructor(
    private readonly open: () => Iterable<string>,
    /** Whether retention has removed the names meanwhile. */
    private readonly gone = () => false,
  ) {}

  /** Goes to the first name beyond `last`. After an error it can be called again, because it opens the names anew. */
  advance(last: string): void {
    try {
      this.rest ??= this.open()[Symbol.iterator]()
      do {
        const next = this.rest.next()
        this.name = next.done === true ? undefined : next.value
      } while (this.name !== undefined && this.name <= last)
    } catch (error) {
      this.rest = undefined
      throw error
    }
  }

  endIfGone(error: unknown): void {
    if (!this.gone()) throw error
    this.name = undefined
  }
}

/** Takes the names that the log holds now; streams stored while they are read are not among them. */
function sourcesOf(log: ReadableLog): Names[] {
  const loose = [...log.floor.carried.keys()]
  const sealed: Names[] = []
  const segments = log.segments()
  for (let at = 0; at < segments.length; at++) {
    const segment = segments.at(at)
    const names = () => segment.postings.texts(KIND.stream)
    const gone = () => segment.lastPosition < log.firstPosition
    if (segment instanceof SealedSegment) sealed.push(new Names(names, gone))
    else for (const name of names()) loose.push(name)
  }
  loose.sort()
  return [new Names(() => loose), ...sealed]
}

/** Keeps the sources in descending order of their names, so that the smallest is taken from the end. */
function insert(names: Names[], one: Names): void {
  const { name } = one
  if (name === undefined) return
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((names[middle]?.name as string) > name) low = middle + 1
    else high = middle
  }
  names.splice(low, 0, one)
}

export async function* streamNames(
  log: ReadableLog,
  request: StreamsRequest,
  sources = sourcesOf(log),
): AsyncGenerator<string> {
  let last = request.after ?? ''
  let left = request.limit ?? Number.POSITIVE_INFINITY
  const isListed = compileListing(request)
  const turn = new Turn()
  const merged: Names[] = []
  for (let next = sources.pop(); next !== undefined && left > 0; next = sources.pop() ?? merged.pop()) {
    const { name } = next
    if (name !== undefined && name > last) {
      last = name
      if (isListed(name)) {
        yield name
        left--
      }
    }
    const source = next
    await withIndexRepair(log, () => source.advance(last)).catch(error => source.endIfGone(error))
    insert(merged, source)
    if (turn.isOver) await turn.next()
  }
}
