// Appends for a caller: within its scope and quota, and with nothing told of what it may not read.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { Quotas } from '../auth/quotas.js'
import { StoreError } from '../contract/errors.js'
import { type Appended, EventStore } from '../contract/event-store.js'
import { type AppendBody, batchAppend, inTermsOf } from './append-body.js'
import type { Origin } from './origin.js'
import { checkWriteScope, withoutHidden } from './write-scope.js'

@Injectable()
export class Appends {
  constructor(
    private readonly store: EventStore,
    private readonly quotas: Quotas,
  ) {}

  /** What the caller may not do is thrown at once; what becomes of the rest is the promise. */
  append({ asked, pointer }: AppendBody, { access, author, key, bytes }: Origin): Promise<Appended> {
    checkWriteScope(access, asked)
    const events = Array.isArray(asked.events) ? asked.events.length : 1
    this.quotas.checkBatch(access, events)
    this.quotas.charge(access, { events, bytes })
    const request = key === undefined ? { ...asked, author } : { ...asked, author, key }
    return this.store.append(request).catch((error: unknown) => this.fail(error, pointer, access))
  }

  /** `{events, expectations?, condition?}` that came otherwise than as the body of a request. */
  appendBatch(content: unknown, origin: Origin): Promise<Appended> {
    return this.append(batchAppend(content), origin)
  }

  private async fail(error: unknown, pointer: (of: string) => string, access: Access): Promise<never> {
    if (!(error instanceof StoreError)) throw error
    throw await withoutHidden(inTermsOf(pointer, error), access, this.store)
  }
}
