// A request of a front thread and its answer, as Node's own server would show them to the application of the writer.
import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { ModeHeader } from '../mode-header.js'
import { type BodyPart, type OfAnswer, type Outbox, type RequestHead, SentBody, TakenBody } from './relay-messages.js'

/** What the application sees of the client's connection. What Node writes to it is dropped: the answer tells the front thread itself. */
class RelayedConnection extends Writable {
  readonly remoteAddress: string | undefined
  readonly encrypted: boolean

  constructor({ remoteAddress, isEncrypted }: RequestHead) {
    super({
      decodeStrings: false,
      // How much is on its way is the answer's to know.
      highWaterMark: Number.MAX_SAFE_INTEGER,
      write: (_bytes, _encoding, done) => done(),
    })
    this.remoteAddress = remoteAddress
    this.encrypted = isEncrypted
  }
}

class RelayedRequest extends IncomingMessage {
  private readonly taken: TakenBody
  private unread = 0

  constructor(connection: RelayedConnection, head: RequestHead, tell: (taken: number) => void) {
    super(connection as unknown as Socket)
    const { method, url, httpVersion, headers, rawHeaders } = head
    const [major, minor] = httpVersion.split('.').map(Number) as [number, number]
    Object.assign(this, { method, url, httpVersion, headers, rawHeaders })
    this.httpVersionMajor = major
    this.httpVersionMinor = minor
    this.taken = new TakenBody(tell)
    if (!head.hasBody) this.end()
  }

  receive(bytes: Uint8Array<ArrayBuffer>): void {
    this.unread += bytes.length
    if (this.push(Buffer.from(bytes.buffer))) this._read()
  }

  end(): void {
    this.complete = true
    this.push(null)
  }

  /** Node calls this when there is room for more. */
  override _read(): void {
    this.taken.add(this.unread)
    this.unread = 0
  }
}

type Callback = (error?: Error | null) => void

/** Tells the front thread what is done to it, where it is done again to the response of the client's connection. */
class RelayedAnswer extends ServerResponse {
  private readonly sent = new SentBody()
  /** Whether Node writes the head by itself. */
  private isImplied = false
  /** In the case in which they were set. Node has it for every message, its types for requests only. */
  declare readonly getRawHeaderNames: () => string[]

  constructor(
    request: RelayedRequest,
    private readonly mode: ModeHeader,
    private readonly tell: (message: TellOfAnswer, moved?: ArrayBuffer) => void,
  ) {
    super(request)
  }

  override writeHead(status: number, ...rest: unknown[]): this {
    // Node keeps the fields that are given here only where one was set before.
    this.setHeader('x', '').removeHeader('x')
    this.mode.announce(this)
    super.writeHead(status, ...(rest as []))
    const headers = this.getRawHeaderNames().map(name => [name, this.getHeader(name) as string] as const)
    this.tell({ head: { status, message: this.statusMessage, headers, isImplied: this.isImplied } })
    return this
  }

  override flushHeaders(): void {
    super.flushHeaders()
    this.tell({ flush: true })
  }

  override write(chunk: BodyPart, encoding?: BufferEncoding | Callback, callback?: Callback): boolean {
    if (this.destroyed || this.writableEnded) return super.write(chunk, encoding as BufferEncoding, callback)
    this.isImplied = true
    super.write(chunk, encoding as BufferEncoding, callback)
    const own = ownOf(chunk)
    this.tell({ chunk: own, encoding: encodingOf(encoding) }, movedOf(own))
    return this.sent.add(own.length)
  }

  override end(chunk?: BodyPart | Callback | null, encoding?: BufferEncoding | Callback, callback?: Callback): this {
    const isOver = this.destroyed || this.writableEnded
    this.isImplied = true
    super.end(chunk as BodyPart, encoding as BufferEncoding, callback)
    if (isOver) return this
    const last = chunk === null || chunk === undefined || typeof chunk === 'function' ? undefined : ownOf(chunk)
    this.tell({ last, encoding: encodingOf(encoding) }, movedOf(last))
    return this
  }

  taken(size: number): void {
    if (this.sent.taken(size) && !this.writableEnded) this.emit('drain')
  }
}

type TellOfAnswer = OfAnswer extends infer One ? (One extends OfAnswer ? Omit<One, 'id'> : never) : never

/** A copy, because what is moved is a whole ArrayBuffer, and whoever wrote the bytes may keep them. */
function ownOf(chunk: BodyPart): BodyPart {
  return typeof chunk === 'string' ? chunk : new Uint8Array(chunk)
}

function movedOf(own: BodyPart | undefined): ArrayBuffer | undefined {
  return own instanceof Uint8Array ? own.buffer : undefined
}

function encodingOf(given: unknown): BufferEncoding | undefined {
  return typeof given === 'string' ? (given as BufferEncoding) : undefined
}

/** Whom the answer is told, and how its header of the mode is set. */
export interface AnswersTo {
  readonly outbox: Outbox<OfAnswer>
  readonly mode: ModeHeader
}

export class RelayedCall {
  readonly request: RelayedRequest
  readonly answer: RelayedAnswer
  private readonly connection: RelayedConnection

  /** `closed` is called once, when the answer is told whole, is broken, or has nobody to go to. */
  constructor(id: number, head: RequestHead, { outbox, mode }: AnswersTo, closed: () => void) {
    this.connection = new RelayedConnection(head)
    this.request = new RelayedRequest(this.connection, head, taken => outbox.tell({ id, taken }))
    this.answer = new RelayedAnswer(this.request, mode, (message, moved) =>
      outbox.tell({ id, ...message } as OfAnswer, moved),
    )
    this.answer.assignSocket(this.connection as unknown as Socket)
    this.answer.once('finish', () => this.connection.destroy())
    this.answer.once('close', () => {
      if (!this.answer.writableFinished) outbox.tell({ id, broken: true })
      closed()
    })
  }

  /** The client is gone. */
  abort(): void {
    // As Node says it of a connection that is closed before its request is answered.
    this.request.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
    this.connection.destroy()
  }
}
