// One take of events from a group: it is answered exactly once, with deliveries, with nothing, or with an error.
import type { RecordedEvent } from '../../contract/event.js'
import { coversAll, type GroupScope, groupScopeKeyOf } from '../group-scope.js'
import type { Definition } from '../state/group-definition.js'

export interface Delivery {
  readonly token: string
  readonly attempt: number
  readonly deadlineMs: number
  readonly event: RecordedEvent
}

export interface Take {
  readonly consumer: string
  /** The streams whose events the consumer may be given. */
  readonly scope: GroupScope
  readonly max: number
  /** 0 takes only what is there now; infinity waits until the signal aborts. */
  readonly waitMs: number
  /** Aborts when the caller is gone, and nothing is given to it then. */
  readonly signal?: AbortSignal
  /** Rejects when the caller's token is no longer good. */
  readonly stillGood?: () => Promise<void>
}

/** What a taker may see of what the group reads. Views with the same key see the same, and share one sight. */
export interface View {
  readonly scope: GroupScope
  readonly key: string
}

export const EVERYTHING: View = { scope: undefined, key: '' }

export class PendingTake {
  readonly answer: Promise<readonly Delivery[]>
  private readonly resolve: (deliveries: readonly Delivery[]) => void
  private readonly reject: (error: unknown) => void
  private timer: NodeJS.Timeout | undefined
  /** Answered, or about to be answered with deliveries that are being written. */
  private over = false
  private seen: { readonly definition: Definition; readonly view: View } | undefined

  constructor(
    readonly take: Take,
    private readonly onOver: (taker: PendingTake) => void,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Delivery[]>()
    this.answer = promise
    this.resolve = resolve
    this.reject = reject
    const { waitMs, signal } = take
    if (waitMs > 0 && waitMs < Number.POSITIVE_INFINITY) this.timer = setTimeout(this.giveUp, waitMs)
    if (signal?.aborted) this.giveUp()
    else signal?.addEventListener('abort', this.giveUp)
  }

  /** Computed once for each definition, because every round needs it and comparing the patterns takes time. */
  viewOf(definition: Definition | undefined): View {
    const { scope } = this.take
    if (definition === undefined || scope === undefined) return EVERYTHING
    if (this.seen?.definition !== definition) {
      const view = coversAll(scope, definition) ? EVERYTHING : { scope, key: groupScopeKeyOf(scope) }
      this.seen = { definition, view }
    }
    return this.seen.view
  }

  get waits(): boolean {
    return !this.over
  }

  /** To be called when its deliveries are about to be written: from then on it gets no others and cannot give up. */
  settle(): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.timer)
    this.take.signal?.removeEventListener('abort', this.giveUp)
    this.onOver(this)
  }

  give(deliveries: readonly Delivery[]): void {
    this.settle()
    this.resolve(deliveries)
  }

  fail(error: unknown): void {
    this.settle()
    this.reject(error)
  }

  /** A take that does not wait is answered with nothing; any other goes on waiting. */
  giveUpUnlessPatient(): void {
    if (this.take.waitMs === 0) this.giveUp()
  }

  readonly giveUp = (): void => {
    if (!this.over) this.give([])
  }
}
