// Handles the frame `append` like an append over HTTP: many at once, each answered under its id when it is durable.
import { Injectable } from '@nestjs/common'
import { Appends } from '../appending/appends.service.js'
import { Quotas } from '../auth/quotas.js'
import type { Author } from '../contract/event.js'
import type { Appended } from '../contract/event-store.js'
import { type ClientFrame, FrameHandlers, type FrameSession } from '../streaming/frame-handlers.service.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { isCorrelationId } from '../wire/correlation-id.js'
import { traceparentOf } from '../wire/trace-context.js'
import type { AppendedFrame } from './frames.dto.js'
import { STREAM_PATH } from './handshake.service.js'
import { BrokenProtocol } from './read-frame.js'

/** Only the id is checked here; the rest is checked by the code that checks appends over HTTP. */
interface SocketAppend extends ClientFrame {
  readonly type: 'append'
  readonly id: string
  readonly key: unknown
  readonly correlationId: unknown
  readonly traceparent: unknown
  /** All other fields of the frame, unchecked. */
  readonly content: Readonly<Record<string, unknown>>
}

@Injectable()
export class SocketAppends {
  constructor(
    private readonly appends: Appends,
    private readonly quotas: Quotas,
    frames: FrameHandlers,
  ) {
    frames.add('append', readAppend, (frame, client, bytes) => this.append(frame, client, bytes))
  }

  private async append(
    { id, key, correlationId, traceparent, content }: SocketAppend,
    client: FrameSession,
    bytes: number,
  ): Promise<void> {
    const { access, connection } = client
    client.needs('events.write')
    this.quotas.charge(access, { requests: 1 })
    const origin = {
      access,
      author: authorOf(client, correlationId, traceparent),
      key: key as string | undefined,
      bytes,
      route: STREAM_PATH,
      frame: id,
    }
    connection.begun(bytes)
    try {
      client.send(answerOf(id, await this.appends.appendBatch(content, origin)))
    } finally {
      connection.settled(bytes)
    }
  }
}

function readAppend(fields: Record<string, unknown>): SocketAppend {
  const { type: _, id, key, correlationId, traceparent, ...content } = fields
  if (typeof id !== 'string' || id.length === 0 || id.length > FRAME_LIMITS.idChars) {
    throw new BrokenProtocol(`append: /id must be a text of 1 to ${FRAME_LIMITS.idChars} characters`)
  }
  return { type: 'append', id, key, correlationId, traceparent, content }
}

/** An append without a correlation or a trace of its own belongs to that of the connection. */
function authorOf({ access, upgrade: opening }: FrameSession, correlationId: unknown, trace: unknown): Author {
  const { agentId, onBehalfOf } = access
  const traceparent = traceparentOf(trace) ?? opening.traceparent
  return {
    agentId,
    correlationId: isCorrelationId(correlationId) ? correlationId : opening.correlationId,
    ...(onBehalfOf === undefined ? undefined : { onBehalfOf }),
    ...(traceparent === undefined ? undefined : { traceparent }),
  }
}

function answerOf(id: string, appended: Appended): AppendedFrame {
  const { firstPosition, lastPosition, duplicate, durability } = appended
  const events = appended.events.map(({ id, position, stream, revision }) => ({ id, position, stream, revision }))
  return { type: 'appended', id, events, firstPosition, lastPosition, duplicate, durability }
}
