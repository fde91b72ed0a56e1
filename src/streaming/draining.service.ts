// How the server ends for those who hold something open: each of them is told once, and nobody begins anything more.
import type { ServerResponse } from 'node:http'
import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import { StoreError } from '../contract/errors.js'

/** How long whoever was told that it is over has to take what was said last. */
export const GRACE_MS = 2_000

export function shuttingDown(): StoreError {
  return new StoreError('CLOSED', 'The server is shutting down.')
}

/** The connection is cut, not the answer: what was handed to it may wait there for the reader, and the server for both. */
export function cutOffLater(answer: ServerResponse): void {
  const connection = answer.socket
  const timer = setTimeout(() => connection?.destroy(), GRACE_MS).unref()
  // What comes next on the connection is another answer.
  answer.once('close', () => clearTimeout(timer))
}

@Injectable()
export class Draining implements OnModuleDestroy {
  private readonly open = new Set<(error: StoreError) => void>()
  private begun = false

  onModuleDestroy(): void {
    this.begin()
  }

  begin(): void {
    if (this.begun) return
    this.begun = true
    for (const end of this.open) end(shuttingDown())
  }

  /** Throws CLOSED once the server ends. */
  assertOpen(): void {
    if (this.begun) throw shuttingDown()
  }

  /** `end` is called when the server ends, unless what comes back was called before. Throws CLOSED once it does. */
  register(end: (error: StoreError) => void): () => void {
    this.assertOpen()
    this.open.add(end)
    return () => void this.open.delete(end)
  }
}
