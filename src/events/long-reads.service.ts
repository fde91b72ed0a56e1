// The reads that take as long as they like: lines to the end of the log, waits for a match, and streams without end.
import type { Readable } from 'node:stream'
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { Lines } from '../streaming/ndjson-answers.service.js'
import type { ReadQuery } from '../streaming/read-query.js'
import { EventStreams } from '../streaming/sse-answers.service.js'
import { type Show, Views } from '../streaming/upcast-view.service.js'
import type { HttpExchange } from '../wire/http.decorator.js'
import { Waits } from './long-polls.service.js'
import { inWordsOfQuery } from './reads.service.js'

@Injectable()
export class LongReads {
  constructor(
    readonly lines: Lines,
    readonly waits: Waits,
    private readonly streams: EventStreams,
    private readonly views: Views,
  ) {}

  /** Answers with server-sent events. HEAD has no body, and would have one without end. */
  async follow(http: HttpExchange, access: Access, query: ReadQuery): Promise<Readable | string> {
    const open = (show?: Show) => this.streams.open(query, access, http, show)
    const stream = await inWordsOfQuery(() => this.views.ofStream(query.upcast, open))
    // Proxies shall pass each event on as it comes.
    http.announce('sse')
    void http.reply.header('x-accel-buffering', 'no')
    if (http.request.method !== 'HEAD') return stream
    stream.destroy()
    return ''
  }
}
