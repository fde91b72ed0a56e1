// The list of the kinds of frames that clients may send, to which each part of the server adds those it handles.
import { Injectable } from '@nestjs/common'
import type { Access, Scope } from '../auth/access.js'
import { codeOf, ERRORS, type ErrorCode } from '../contract/errors.js'
import type { DurationHistogram, DurationSeries } from '../metrics/duration-histogram.js'
import { Metrics } from '../metrics/metrics.js'
import type { FrameForm } from '../wire/event-frames.js'

export interface ClientFrame {
  readonly type: string
  readonly id?: string
}

/** What a client holds open under an id: a subscription, or a consumer of a group. */
export interface OpenChannel {
  /** `reason` is for the log: why it ends. */
  end(reason: string): void
  /** Called when there may be room in the socket again. */
  resume(): void
}

/** The part of a connection that frame handlers may use. */
export interface FrameSocket {
  readonly form: FrameForm
  readonly hasRoom: boolean
  write(frame: string | Buffer): void
  /** Wraps work so that what it throws or rejects with ends this connection and no other. */
  guarded<A extends readonly unknown[]>(work: (...args: A) => void | Promise<void>): (...args: A) => void
  /** Counts an append of so many bytes in flight, until `settled` is called with the same number. */
  begun(bytes: number): void
  settled(bytes: number): void
}

/** The part of a client session that frame handlers may use. Its token is known. */
export interface FrameSession {
  readonly access: Access
  /** As it came, for another thread to verify. */
  readonly token: string
  readonly connection: FrameSocket
  readonly upgrade: { readonly correlationId: string; readonly traceparent: string | undefined }
  /** Throws FORBIDDEN when the token does not have the scope for anything. */
  needs(scope: Scope): void
  /** Rejects with UNAUTHENTICATED when its token is no longer good. */
  assertTokenGood(): Promise<void>
  /** Reserves the id. Throws when it is taken, or when the connection or its agent has too many. */
  hold(id: string, channel: OpenChannel): void
  holds(id: string, channel: OpenChannel): boolean
  drop(id: string, reason?: string): OpenChannel | undefined
  /** Writes a line about this client; undefined while nobody would read it, so that its facts need not be collected. */
  readonly log: ((facts: object, message: string) => void) | undefined
  send(frame: object): void
  problem(error: unknown): object
}

/** What a handler throws is answered by an `error` frame, and the connection goes on. `bytes` is the frame's size. */
export type FrameHandler<F extends ClientFrame> = (
  frame: F,
  session: FrameSession,
  bytes: number,
) => void | Promise<void>

/** Makes a frame of the fields that came. What it throws breaks the protocol and ends the connection. */
export type FrameReader<F extends ClientFrame> = (fields: Record<string, unknown>) => F

type FrameOutcome = 'answered' | 'refused' | 'failed'
type FrameDurations = DurationHistogram<'type' | 'outcome'>

/** Is told what a frame is refused for. */
export type Refuse = (error: unknown, frame: ClientFrame) => void

export class FrameKind {
  private answered: DurationSeries | undefined

  constructor(
    private readonly type: string,
    readonly read: FrameReader<ClientFrame>,
    private readonly handle: FrameHandler<ClientFrame>,
    private readonly durations: FrameDurations,
  ) {}

  /** Done when the frame is answered. Throws and rejects only with what `refuse` does. */
  answer(frame: ClientFrame, session: FrameSession, bytes: number, refuse: Refuse): void | Promise<void> {
    const begun = performance.now()
    let handled: void | Promise<void>
    try {
      handled = this.handle(frame, session, bytes)
    } catch (error) {
      this.fails(error, begun)
      refuse(error, frame)
      return
    }
    if (handled instanceof Promise) return this.settle(handled, frame, begun, refuse)
    this.succeeds(begun)
  }

  private async settle(handled: Promise<void>, frame: ClientFrame, begun: number, refuse: Refuse): Promise<void> {
    try {
      await handled
    } catch (error) {
      this.fails(error, begun)
      refuse(error, frame)
      return
    }
    this.succeeds(begun)
  }

  private succeeds(begun: number): void {
    this.answered ??= this.series('answered')
    this.answered.observe((performance.now() - begun) / 1_000)
  }

  private fails(error: unknown, begun: number): void {
    this.series(outcomeOf(error)).observe((performance.now() - begun) / 1_000)
  }

  private series(outcome: FrameOutcome): DurationSeries {
    return this.durations.series({ type: this.type, outcome })
  }
}

/** What the caller did wrong is no failure of the service. */
function outcomeOf(error: unknown): FrameOutcome {
  const code = codeOf(error)
  const known = code !== undefined && Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined
  return known !== undefined && known.status < 500 ? 'refused' : 'failed'
}

@Injectable()
export class FrameHandlers {
  private readonly kinds = new Map<string, FrameKind>()

  constructor(private readonly metrics: Metrics) {}

  /** To be called in constructors, so that every kind is known before the first connection. */
  add<F extends ClientFrame>(type: F['type'], read: FrameReader<F>, handle: FrameHandler<F>): void {
    // The cast is safe, because `handle` is only given what `read` of the same kind has made.
    const kind = new FrameKind(type, read, handle as FrameHandler<ClientFrame>, this.metrics.frameDuration)
    this.kinds.set(type, kind)
  }

  get types(): string[] {
    return [...this.kinds.keys()].sort()
  }

  kindOf(type: string): FrameKind | undefined {
    return this.kinds.get(type)
  }
}
