// The frame `append`: through the same door as appends over HTTP, many at once, each answered under its id when it is durable.
import { Injectable } from '@nestjs/common'
import { Appends } from '../appending/appends.service.js'
import { Quotas } from '../auth/quotas.js'
import type { Author } from '../contract/event.js'
import type { Appended } from '../contract/event-store.js'
import type { Conversation } from './client-session.js'
import type { FrameHandler } from './frame-handler.js'
import type { ServerFrame } from './frames.dto.js'
import { STREAM_PATH } from './handshake.service.js'
import type { AskedAppend } from './read-frame.js'

@Injectable()
export class SocketAppends implements FrameHandler {
  readonly handlers = {
    append: (frame: AskedAppend, client: Conversation, bytes: number) => this.append(frame, client, bytes),
  }

  constructor(
    private readonly appends: Appends,
    private readonly quotas: Quotas,
  ) {}

  private async append({ id, key, content }: AskedAppend, client: Conversation, bytes: number): Promise<void> {
    const { access, connection } = client
    client.needs('events.write')
    this.quotas.charge(access, { requests: 1 })
    const origin = { access, author: authorOf(client), key: key as string | undefined, bytes, route: STREAM_PATH }
    connection.begun(bytes)
    try {
      client.send(answerOf(id, await this.appends.appendBatch(content, origin)))
    } finally {
      connection.settled(bytes)
    }
  }
}

function authorOf({ access, opening }: Conversation): Author {
  const { agentId, onBehalfOf } = access
  const { correlationId, traceparent } = opening
  return {
    agentId,
    correlationId,
    ...(onBehalfOf === undefined ? undefined : { onBehalfOf }),
    ...(traceparent === undefined ? undefined : { traceparent }),
  }
}

function answerOf(id: string, appended: Appended): ServerFrame {
  const { firstPosition, lastPosition, duplicate, durability } = appended
  const events = appended.events.map(({ id, position, stream, revision }) => ({ id, position, stream, revision }))
  return { type: 'appended', id, events, firstPosition, lastPosition, duplicate, durability }
}
