// What takes the frames that clients send over a socket: one list, to which each part of the server adds the kinds it answers.
import { Injectable } from '@nestjs/common'
import type { Access, Scope } from '../auth/access.js'
import type { FrameForm } from '../wire/event-frames.js'

export interface ClientFrame {
  readonly type: string
  readonly id?: string
}

/** Something the client has under an id until it ends it: a subscription, or a consumer of a group. */
export interface OpenChannel {
  end(): void
  /** There is room in the socket again. */
  resume(): void
}

/** The socket, as far as whoever answers a frame may use it. */
export interface FrameSocket {
  readonly form: FrameForm
  readonly hasRoom: boolean
  write(frame: string | Buffer): void
  /** What the work throws or rejects with ends this connection and no other. */
  guarded<A extends readonly unknown[]>(work: (...args: A) => void | Promise<void>): (...args: A) => void
  /** An append of so many bytes is in hand, until it is settled. */
  begun(bytes: number): void
  settled(bytes: number): void
}

/** One client that is known, as it is seen by whoever answers its frames. */
export interface FrameSession {
  readonly access: Access
  readonly connection: FrameSocket
  readonly upgrade: { readonly correlationId: string; readonly traceparent: string | undefined }
  /** Throws FORBIDDEN when the scope is not granted for anything at all. */
  needs(scope: Scope): void
  /** Rejects with UNAUTHENTICATED when its token is good no more. */
  assertTokenGood(): Promise<void>
  /** Keeps the id for what is about to begin; throws when it is taken, or when there are too many. */
  hold(id: string, channel: OpenChannel): void
  holds(id: string, channel: OpenChannel): boolean
  drop(id: string): OpenChannel | undefined
  send(frame: object): void
  problem(error: unknown): object
}

/** What a handler throws is answered by `error`, and the connection goes on. `bytes` are those of the frame as it came. */
export type FrameHandler<F extends ClientFrame> = (
  frame: F,
  session: FrameSession,
  bytes: number,
) => void | Promise<void>

/** Makes a frame of the fields that came, or throws what is wrong with them. */
export type FrameReader<F extends ClientFrame> = (fields: Record<string, unknown>) => F

interface Kind {
  readonly read: FrameReader<ClientFrame>
  readonly handle: FrameHandler<ClientFrame>
}

@Injectable()
export class FrameHandlers {
  private readonly kinds = new Map<string, Kind>()

  /** Before the first connection: in the constructor of whoever answers it. */
  add<F extends ClientFrame>(type: F['type'], read: FrameReader<F>, handle: FrameHandler<F>): void {
    // What a kind has read is what it handles.
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
