// Hands requests that a front thread does not answer over to the writer, as they come, and writes the writer's answers.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { StoreError } from '../../contract/errors.js'
import type { ThreadCalls } from '../../threads/thread-calls.js'
import {
  type AnswerHead,
  OF_ANSWERS,
  OF_REQUESTS,
  type OfAnswer,
  type OfRequest,
  Outbox,
  PLAIN_PATHS,
  type RequestHead,
  SentBody,
  TakenBody,
} from './relay-messages.js'

/** A request of this thread that the writer is to answer. */
export interface RelayedExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Answers the request here; nothing has been written to the response. */
  readonly refuse: (error: StoreError) => void
}

export class RequestRelay {
  private readonly open = new Map<number, OpenExchange>()
  private readonly outbox: Outbox<OfRequest>
  private relayed = 0
  private isGone = false

  private constructor(
    calls: ThreadCalls,
    /** A pattern of this thread must not take these paths from the writer. */
    readonly plainPaths: readonly string[],
  ) {
    this.outbox = new Outbox(calls, OF_REQUESTS)
    calls.hear(OF_ANSWERS, messages => {
      for (const message of messages) this.open.get(message.id)?.hear(message)
    })
    calls.onGone(() => {
      this.isGone = true
      for (const exchange of this.open.values()) exchange.lose(writerGone())
    })
  }

  /** Resolves when the writer takes requests. */
  static async connect(calls: ThreadCalls): Promise<RequestRelay> {
    return new RequestRelay(calls, await calls.ask(PLAIN_PATHS, undefined))
  }

  /** Nothing may have read the body before, nor written to the response. */
  relay(exchange: RelayedExchange): void {
    if (this.isGone) {
      exchange.refuse(writerGone())
      return
    }
    const id = ++this.relayed
    const open = new OpenExchange(id, exchange, this.outbox)
    this.open.set(id, open)
    exchange.response.once('close', () => {
      this.open.delete(id)
      open.close()
    })
    open.begin()
  }
}

function writerGone(): StoreError {
  return new StoreError('STORAGE_UNAVAILABLE', 'the writer of the log is gone')
}

class OpenExchange {
  private readonly sent = new SentBody()
  private readonly taken: TakenBody
  private unwritten = 0
  private state: 'asked' | 'answering' | 'over' = 'asked'

  constructor(
    private readonly id: number,
    private readonly exchange: RelayedExchange,
    private readonly outbox: Outbox<OfRequest>,
  ) {
    this.taken = new TakenBody(taken => outbox.tell({ id, taken }))
  }

  begin(): void {
    const { id, outbox } = this
    const { request, response } = this.exchange
    const head = headOf(request)
    outbox.tell({ id, head })
    response.on('drain', this.written)
    // Node itself drops, after the answer, a body that nobody has begun to read.
    if (head.hasBody) request.on('data', this.send).once('end', this.end)
  }

  hear(message: OfAnswer): void {
    const { request, response } = this.exchange
    if (this.state === 'over' || response.destroyed) return
    if ('head' in message) this.answer(message.head)
    else if ('chunk' in message) {
      this.unwritten += message.chunk.length
      if (response.write(message.chunk, message.encoding as BufferEncoding)) this.written()
    } else if ('last' in message) {
      this.leaveBody()
      if (message.last === undefined) response.end()
      else response.end(message.last, message.encoding as BufferEncoding)
    } else if ('taken' in message) {
      if (this.sent.taken(message.taken)) request.resume()
    } else if ('flush' in message) response.flushHeaders()
    else this.breakOff()
  }

  lose(error: StoreError): void {
    const { state } = this
    if (state === 'over') return
    this.leaveBody()
    if (state === 'asked') this.exchange.refuse(error)
    else this.breakOff()
  }

  /** The connection is gone, or the answer is written. */
  close(): void {
    if (this.state === 'over') return
    this.leaveBody()
    this.outbox.tell({ id: this.id, gone: true })
  }

  private answer({ status, message, headers, isImplied }: AnswerHead): void {
    const { response } = this.exchange
    this.state = 'answering'
    for (const [name, value] of headers) response.setHeader(name, value)
    response.statusCode = status
    response.statusMessage = message
    if (!isImplied) response.writeHead(status, message)
  }

  /** Node gives what was written to the system at the end of this turn; the client may have it, as from one thread. */
  private breakOff(): void {
    this.leaveBody()
    setImmediate(() => this.exchange.response.destroy())
  }

  /** The connection goes on with the next request only when the rest of this one has been read. */
  private leaveBody(): void {
    this.state = 'over'
    const { request } = this.exchange
    if (request.listenerCount('data') === 0) return
    request.off('data', this.send).off('end', this.end).resume()
  }

  private readonly send = (chunk: Buffer) => {
    // A copy, because what is moved is a whole ArrayBuffer, and that of a chunk is shared with others.
    const bytes = new Uint8Array(chunk)
    this.outbox.tell({ id: this.id, bytes }, bytes.buffer)
    if (!this.sent.add(bytes.length)) this.exchange.request.pause()
  }

  private readonly end = () => this.outbox.tell({ id: this.id, bodyEnds: true })

  private readonly written = () => {
    this.taken.add(this.unwritten)
    this.unwritten = 0
  }
}

function headOf({ method, url, httpVersion, headers, rawHeaders, socket }: IncomingMessage): RequestHead {
  const { remoteAddress, encrypted = false } = socket as Partial<TLSSocket>
  const length = headers['content-length']
  return {
    method: method as string,
    url: url as string,
    httpVersion,
    headers,
    rawHeaders,
    remoteAddress,
    isEncrypted: encrypted,
    hasBody: headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0),
  }
}
