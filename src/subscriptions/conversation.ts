// What one client and the server say to each other: who it is, what it has asked for, and how it ends.
import type { Access, Scope } from '../auth/access.js'
import type { DenialReason } from '../auth/denials.js'
import type { Verified } from '../auth/token-verifier.js'
import { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { retryAfterOf } from '../wire/problem.js'
import type { Connection } from './connection.js'
import { FRAME_LIMITS } from './frame-limits.js'
import type { ServerFrame } from './frames.dto.js'
import { BrokenProtocol, type ClientFrame, readFrame } from './read-frame.js'

export const CLOSE = { shutdown: 1001, failed: 1011, broken: 4400, unauthenticated: 4401 } as const

/** The request that opened the connection. */
export interface Opening {
  readonly address: string
  readonly correlationId: string
  readonly traceparent: string | undefined
}

/** Something the client has under an id until it ends it: a subscription, or a consumer of a group. */
export interface Held {
  end(): void
  /** There is room in the socket again. */
  resume(): void
}

export interface Bearer {
  readonly token: string
  readonly verified: Verified
}

/** What a conversation asks of the server. */
export interface House {
  readonly head: () => number
  readonly identify: (token: string, opening: Opening) => Bearer | Promise<Bearer>
  /** Told of everything that was denied to a caller who is known. */
  readonly denied: (reason: DenialReason, detail: string, access: Access) => void
  readonly handle: (frame: ClientFrame, client: Conversation, bytes: number) => void | Promise<void>
  readonly problem: (error: unknown, opening: Opening, of: { readonly isAppend: boolean }) => object
}

export class Conversation {
  private bearer: Bearer | undefined
  private readonly held = new Map<string, Held>()
  private patience: NodeJS.Timeout | undefined
  /** Frames that came while the token is being looked at. */
  private early: { readonly bytes: Buffer; readonly isBinary: boolean }[] | undefined
  private isOver = false
  private isLeaving = false

  constructor(
    readonly connection: Connection,
    readonly opening: Opening,
    private readonly house: House,
  ) {
    connection.onDrain(() => {
      for (const held of this.held.values()) held.resume()
    })
  }

  /** With the bearer that the handshake has named, or waiting for a frame that does. */
  begin(bearer: Bearer | undefined): void {
    const late = () => this.close(CLOSE.unauthenticated, 'No token came in time.')
    if (bearer === undefined) this.patience = setTimeout(late, FRAME_LIMITS.authMs)
    else this.welcome(bearer)
  }

  get identity(): Bearer | undefined {
    return this.bearer
  }

  /** Frames are handled for nobody but a caller who is known. */
  get access(): Access {
    if (this.bearer === undefined) throw new StoreError('UNAUTHENTICATED', 'The connection has no token yet.')
    return this.bearer.verified.access
  }

  /** Throws FORBIDDEN when the scope is not granted for anything at all. */
  needs(scope: Scope): void {
    if (this.access.has(scope)) return
    const detail = `The token lacks the scope ${scope}`
    this.house.denied('FORBIDDEN', detail, this.access)
    throw new StoreError('FORBIDDEN', detail)
  }

  send(frame: ServerFrame): void {
    this.connection.send(frame)
  }

  refuse(error: unknown, id?: string, isAppend = false): void {
    const problem = this.problem(error, isAppend)
    const retryAfterSeconds = retryAfterOf(error)
    this.send({
      type: 'error',
      ...(id === undefined ? undefined : { id }),
      problem,
      ...(retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }),
    })
  }

  problem(error: unknown, isAppend = false): object {
    return this.house.problem(error, this.opening, { isAppend })
  }

  /** Keeps the id for what is about to begin; throws when it is taken, or when there are too many. */
  hold(id: string, held: Held): void {
    if (this.held.has(id)) throw refusal(`the id ${JSON.stringify(id)} is taken on this connection`)
    if (this.held.size >= FRAME_LIMITS.followings) {
      throw refusal(`a connection holds at most ${FRAME_LIMITS.followings} subscriptions and consumers`)
    }
    this.held.set(id, held)
  }

  /** Whether it still is what the id stands for. */
  holds(id: string, held: Held): boolean {
    return this.held.get(id) === held
  }

  drop(id: string): Held | undefined {
    const held = this.held.get(id)
    this.held.delete(id)
    held?.end()
    return held
  }

  receive(bytes: Buffer, isBinary: boolean): void {
    if (this.isOver) return
    if (this.early !== undefined) {
      this.early.push({ bytes, isBinary })
      if (this.early.length > FRAME_LIMITS.heldFrames) this.close(CLOSE.broken, 'Too many frames before the welcome.')
      return
    }
    try {
      if (isBinary !== (this.connection.form === 'msgpack')) {
        throw new BrokenProtocol(`Frames of ${this.connection.form} are ${isBinary ? 'texts' : 'binary'}.`)
      }
      this.take(readFrame(bytes, this.connection.form), bytes.length)
    } catch (error) {
      if (error instanceof BrokenProtocol) this.close(CLOSE.broken, error.message)
      else this.breakDown(error)
    }
  }

  /** What the client may not send any more, or has not sent in time, ends the connection with the reason told. */
  close(code: number, reason: string): void {
    if (this.isOver) return
    this.send({ type: 'goaway', reason })
    this.leave(code, reason)
  }

  /** The server is about to end: nothing new begins, what is in hand is answered. */
  farewell(reason: string): void {
    this.isLeaving = true
    for (const id of [...this.held.keys()]) this.drop(id)
    this.send({ type: 'goaway', reason })
  }

  /** The end that was announced. */
  leave(code: number, reason: string): void {
    if (this.isOver) return
    this.ended()
    this.connection.close(code, reason)
  }

  /** Says that the connection is alive; who does not read has enough to read already. */
  beat(head: Position): void {
    if (this.bearer !== undefined && this.connection.hasRoom) this.send({ type: 'heartbeat', position: head })
  }

  /** The connection is closed, by whomever. */
  ended(): void {
    this.isOver = true
    clearTimeout(this.patience)
    for (const held of this.held.values()) held.end()
    this.held.clear()
  }

  /** A defect of the server ends the connection on which it showed, and no other. */
  private breakDown(error: unknown): void {
    this.refuse(error)
    this.close(CLOSE.failed, 'The server failed.')
  }

  private take(frame: ClientFrame, bytes: number): void {
    if (frame.type === 'auth') this.authenticate(frame.token)
    else if (this.bearer === undefined) throw new BrokenProtocol('Without Authorization the first frame must be auth.')
    else this.answer(frame, bytes)
  }

  private answer(frame: ClientFrame, bytes: number): void {
    const id = 'id' in frame ? frame.id : undefined
    const failed = (error: unknown) => {
      const { code, message } = error as { code?: unknown; message: string }
      if (code === 'RATE_LIMITED') this.house.denied(code, message, this.access)
      if (!this.isOver) this.refuse(error, id, frame.type === 'append')
    }
    try {
      if (this.isLeaving) throw new StoreError('CLOSED', 'The server is shutting down: go on at another one.')
      const handled = this.house.handle(frame, this, bytes)
      if (handled instanceof Promise) handled.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  private authenticate(token: string): void {
    if (this.bearer !== undefined) throw new BrokenProtocol('auth came a second time, or after Authorization.')
    const refused = (error: unknown) => this.close(CLOSE.unauthenticated, (error as Error).message)
    let found: Bearer | Promise<Bearer>
    try {
      found = this.house.identify(token, this.opening)
    } catch (error) {
      refused(error)
      return
    }
    if (found instanceof Promise) {
      this.early = []
      found.then(bearer => this.welcome(bearer), refused).catch((error: unknown) => this.breakDown(error))
    } else {
      this.welcome(found)
    }
  }

  private welcome(bearer: Bearer): void {
    if (this.isOver) return
    clearTimeout(this.patience)
    this.bearer = bearer
    const { access, expiresAt } = bearer.verified
    const { agentId } = access
    this.send({ type: 'welcome', agentId, head: this.house.head(), expiresAt: new Date(expiresAt).toISOString() })
    const early = this.early ?? []
    this.early = undefined
    for (const { bytes, isBinary } of early) this.receive(bytes, isBinary)
  }
}

function refusal(detail: string): StoreError {
  return new StoreError('INVALID_REQUEST', detail, { errors: [{ pointer: '/id', detail }] })
}
