// Those who ask a group for events and wait for them: in the order they came, each with its patience.
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
  /** What the consumer may be given. */
  readonly scope: GroupScope
  readonly max: number
  /** 0: what is there now; infinite: until the signal aborts. */
  readonly waitMs: number
  /** Aborted: whoever asked is gone, and is given nothing. */
  readonly signal?: AbortSignal
  /** Rejects when the token by which this was asked is not good any more. */
  readonly stillGood?: () => Promise<void>
}

/** What a taker may see of what the group reads. Those with the same key see the same. */
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
  /** Answered, or no longer waiting. */
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

  /** Found out once for each definition there is. */
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

  /** What is given to it is under way: it waits for nothing else, and cannot give up any more. */
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

  /** Who came for what is there now is given nothing, and who waits goes on waiting. */
  giveUpUnlessPatient(): void {
    if (this.take.waitMs === 0) this.giveUp()
  }

  readonly giveUp = (): void => {
    if (!this.over) this.give([])
  }
}
