// What a front thread and the writer tell each other about relayed requests, and how much of a body is on its way at most.
import type { IncomingHttpHeaders, OutgoingHttpHeader } from 'node:http'
import type { Transferable } from 'node:worker_threads'
import { type ThreadCalls, ThreadNotice, ThreadQuestion } from '../../threads/thread-calls.js'

/** Of each body, bytes of a body or characters of a text, that the other thread has been sent and has not passed on. */
export const RELAY_WINDOW = 256 * 1024
/** What was passed on is told in steps of this size, so that small bodies cost no message for it. */
const STEP = RELAY_WINDOW / 4

export interface RequestHead {
  readonly method: string
  readonly url: string
  readonly httpVersion: string
  readonly headers: IncomingHttpHeaders
  /** As they came, in their order and with those that came twice. */
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string | undefined
  readonly isEncrypted: boolean
  readonly hasBody: boolean
}

export interface AnswerHead {
  readonly status: number
  readonly message: string
  readonly headers: readonly (readonly [name: string, value: OutgoingHttpHeader])[]
  /** Node writes the head with the first bytes of the body, and a body that is whole then has its length in it. */
  readonly isImplied: boolean
}

export type BodyPart = string | Uint8Array<ArrayBuffer>

/** `taken` counts what was passed on of the body that the other thread sends. */
export type OfRequest = { readonly id: number } & (
  | { readonly head: RequestHead }
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly bodyEnds: true }
  | { readonly taken: number }
  | { readonly gone: true }
)

export type OfAnswer = { readonly id: number } & (
  | { readonly head: AnswerHead }
  | { readonly flush: true }
  | { readonly chunk: BodyPart; readonly encoding: BufferEncoding | undefined }
  | { readonly last: BodyPart | undefined; readonly encoding: BufferEncoding | undefined }
  | { readonly taken: number }
  | { readonly broken: true }
)

export const OF_REQUESTS = new ThreadNotice<readonly OfRequest[]>('of relayed requests')
export const OF_ANSWERS = new ThreadNotice<readonly OfAnswer[]>('of relayed answers')
/** The paths without parameters that the writer has routes for. */
export const PLAIN_PATHS = new ThreadQuestion<void, readonly string[]>('plain paths')

/** What is told in one turn is one message. */
export class Outbox<Message> {
  private messages: Message[] = []
  private moved: Transferable[] = []

  constructor(
    private readonly calls: ThreadCalls,
    private readonly notice: ThreadNotice<readonly Message[]>,
  ) {}

  /** Of `moved` nothing is left here. */
  tell(message: Message, moved?: Transferable): void {
    if (moved !== undefined) this.moved.push(moved)
    if (this.messages.push(message) === 1) queueMicrotask(this.send)
  }

  private readonly send = () => {
    const { messages, moved } = this
    this.messages = []
    this.moved = []
    this.calls.tell(this.notice, messages, moved)
  }
}

/** Counts what the other thread has been sent and has not passed on. */
export class SentBody {
  private unread = 0

  /** Returns whether more may be sent. */
  add(size: number): boolean {
    this.unread += size
    return this.unread < RELAY_WINDOW
  }

  /** Returns whether more may be sent again, which was not so before. */
  taken(size: number): boolean {
    const wasFull = this.unread >= RELAY_WINDOW
    this.unread -= size
    return wasFull && this.unread < RELAY_WINDOW
  }
}

/** Counts what was passed on, and tells it in steps. */
export class TakenBody {
  private untold = 0

  constructor(private readonly tell: (taken: number) => void) {}

  add(size: number): void {
    this.untold += size
    if (this.untold < STEP) return
    this.tell(this.untold)
    this.untold = 0
  }
}
