// The list of the kinds of frames that clients may send, to which each part of the server adds those it handles.
import { Injectable } from '@nestjs/common'
import type { Access, Scope } from '../auth/access.js'
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

interface Kind {
  readonly read: FrameReader<ClientFrame>
  readonly handle: FrameHandler<ClientFrame>
}

@Injectable()
export class FrameHandlers {
  private readonly kinds = new Map<string, Kind>()

  /** To be called in constructors, so that every kind is known before the first connection. */
  add<F extends ClientFrame>(type: F['type'], read: FrameReader<F>, handle: FrameHandler<F>): void {
    // The cast is safe, because `handle` is only given what `read` of the same kind has made.
    this.kinds.set(type, { read, handle: handle as FrameHandler<ClientFrame> })
  }

  get types(): string[] {
    return [...this.kinds.keys()].sort()
  }

  readerOf(type: string): FrameReader<ClientFrame> | undefined {
    return this.kinds.get(type)?.read
  }

  handle(frame: ClientFrame, session: FrameSession, bytes: number): void | Promise<void> {
    return this.kinds.get(frame.type)?.handle(frame, session, bytes)
  }
}
