// Answers, on the thread of the writer, the requests that a front thread hands over: by the writer's own HTTP server, without a port.
import type { FastifyInstance } from 'fastify'
import type { ThreadCalls } from '../../threads/thread-calls.js'
import type { ModeHeader } from '../mode-header.js'
import type { UnansweredPaths } from '../unanswered-paths.js'
import { OF_ANSWERS, OF_REQUESTS, type OfRequest, Outbox, PLAIN_PATHS } from './relay-messages.js'
import { type AnswersTo, RelayedCall } from './relayed-call.js'

/** The adapter of an application that is configured. */
export interface AnsweringServer {
  readonly mode: ModeHeader
  readonly unanswered: UnansweredPaths | undefined
  getInstance(): FastifyInstance
}

/** One for each front thread. */
export class RelayedRequests {
  private readonly open = new Map<number, RelayedCall>()
  private readonly answersTo: AnswersTo

  private constructor(
    private readonly fastify: FastifyInstance,
    mode: ModeHeader,
    calls: ThreadCalls,
  ) {
    this.answersTo = { outbox: new Outbox(calls, OF_ANSWERS), mode }
    calls.hear(OF_REQUESTS, messages => {
      for (const message of messages) this.hear(message)
    })
    calls.onGone(() => {
      for (const call of this.open.values()) call.abort()
    })
  }

  /** What comes before the application is ready waits for it. */
  static async serve(server: AnsweringServer, calls: ThreadCalls): Promise<RelayedRequests> {
    const fastify = server.getInstance()
    await fastify.ready()
    calls.answer(PLAIN_PATHS, () => server.unanswered?.plainPaths() ?? [])
    return new RelayedRequests(fastify, server.mode, calls)
  }

  /** How many are not answered yet. */
  get underWay(): number {
    return this.open.size
  }

  private hear(message: OfRequest): void {
    const { id } = message
    if ('head' in message) {
      const call = new RelayedCall(id, message.head, this.answersTo, () => this.open.delete(id))
      this.open.set(id, call)
      this.fastify.routing(call.request, call.answer)
      return
    }
    const call = this.open.get(id)
    if ('bytes' in message) call?.request.receive(message.bytes)
    else if ('bodyEnds' in message) call?.request.end()
    else if ('taken' in message) call?.answer.taken(message.taken)
    else call?.abort()
  }
}
