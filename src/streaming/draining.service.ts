// How the server ends for those who hold something open: each is notified once, and nothing new begins.
import type { ServerResponse } from 'node:http'
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common'
import { StoreError } from '../contract/errors.js'

/** How long a client has to read the last frame that was sent to it before its connection is cut. */
export const GRACE_MS = 2_000

export function shuttingDown(): StoreError {
  return new StoreError('CLOSED', 'The server is shutting down.')
}

/** Cuts the connection, because bytes of a finished answer may wait there for a reader, and the server for them. */
export function cutOffLater(answer: ServerResponse): void {
  const connection = answer.socket
  const timer = setTimeout(() => connection?.destroy(), GRACE_MS).unref()
  // An answer that ends in time leaves the connection to the next one, which must not be cut.
  answer.once('close', () => clearTimeout(timer))
}

@Injectable()
export class Draining implements OnModuleDestroy {
  private readonly open = new Set<(error: StoreError) => void>()
  private begun = false
  private readonly logger = new Logger('streaming')

  onModuleDestroy(): void {
    this.begin()
  }

  begin(): void {
    if (this.begun) return
    this.begun = true
    for (const end of this.open) this.tell(end)
  }

  /** Never throws, because whoever comes behind must be told, too, and the server must end. */
  private tell(end: (error: StoreError) => void): void {
    try {
      end(shuttingDown())
    } catch (error) {
      this.logger.error({ error, message: 'something that was open could not be told that the server ends' })
    }
  }

  /** Throws CLOSED once the server ends. */
  assertOpen(): void {
    if (this.begun) throw shuttingDown()
  }

  /** `end` is called when the server ends, unless the returned function was called before. Then this throws CLOSED. */
  register(end: (error: StoreError) => void): () => void {
    this.assertOpen()
    this.open.add(end)
    return () => void this.open.delete(end)
  }
}
