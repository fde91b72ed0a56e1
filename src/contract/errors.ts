// The error catalogue: every code the service can answer, what it means, and whether trying again can help.
import type { Position, Revision } from './event.js'
import type { ExpectedRevision } from './expected-revision.js'

/** `rejected`: surely not stored. `indeterminate`: may be stored; the same idempotency key tells which. */
export type Outcome = 'rejected' | 'indeterminate'

interface CatalogueEntry {
  readonly title: string
  readonly retryable: boolean
  readonly outcome: Outcome
  /** What the caller should do next, in one sentence. */
  readonly remedy: string
}

export const ERRORS = {
  INVALID_EVENT: {
    title: 'The event breaks a rule',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Correct the fields named in errors and send it again.',
  },
  INVALID_REQUEST: {
    title: 'The request breaks a rule',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Correct the fields named in errors and send it again.',
  },
  EVENT_TOO_LARGE: {
    title: 'The event is larger than allowed',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Keep large content elsewhere and refer to it from the event.',
  },
  BATCH_TOO_LARGE: {
    title: 'The batch is larger than allowed',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Split the batch.',
  },
  REVISION_CONFLICT: {
    title: 'A stream is not at the expected revision',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Read the stream from the actual revision, decide again, and append with the new expected revision.',
  },
  CONDITION_FAILED: {
    title: 'Events match the condition',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Read the conflicting event, decide again, and append with a newer after.',
  },
  STATE_TOO_LARGE: {
    title: 'The state is larger than allowed',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Fold fewer events, or with a reducer that keeps less.',
  },
  KEY_REUSED: {
    title: 'The idempotency key belongs to another request',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Use a new key for a new request.',
  },
  SUBSCRIPTION_CONFLICT: {
    title: 'The subscription is another one, or one too many',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Delete the subscription that is in the way, or define this one under another name.',
  },
  SNAPSHOT_CONFLICT: {
    title: 'The snapshot is protected, or the fold one too many',
    retryable: false,
    outcome: 'rejected',
    remedy: 'End the protection named in the detail, let a fold go, or choose another name.',
  },
  STALE_DELIVERY: {
    title: 'A token settles no delivery',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Leave out the tokens named in errors: what they stood for is settled or with another consumer.',
  },
  TOO_MANY_DEFINITIONS: {
    title: 'There are as many definitions as a server holds',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Delete one that is no longer needed, or make it smaller.',
  },
  OVERLOADED: {
    title: 'Too many appends are waiting',
    retryable: true,
    outcome: 'rejected',
    remedy: 'Wait a moment and send it again.',
  },
  DISK_FULL: {
    title: 'The disk is full',
    retryable: true,
    outcome: 'rejected',
    remedy: 'Free space on the data volume; the store accepts appends again by itself.',
  },
  READ_ONLY: {
    title: 'The store accepts no appends',
    retryable: true,
    outcome: 'rejected',
    remedy: 'See the store status; after damage an operator has to run verify and repair.',
  },
  INDETERMINATE: {
    title: 'It is not known whether the append was stored',
    retryable: true,
    outcome: 'indeterminate',
    remedy: 'Send it again with the same idempotency key; the answer tells.',
  },
  DATA_CORRUPT: {
    title: 'Stored bytes are damaged',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Read around the damaged range, or restore it from a backup.',
  },
  STORAGE_UNAVAILABLE: {
    title: 'The storage cannot be read',
    retryable: true,
    outcome: 'rejected',
    remedy: 'Check the disk and the descriptor limit, then try again.',
  },
  CLOSED: {
    title: 'The store is closing',
    retryable: true,
    outcome: 'rejected',
    remedy: 'Connect again and send it again.',
  },
  ABORTED: {
    title: 'The caller gave up',
    retryable: true,
    outcome: 'rejected',
    remedy: 'Ask again when the answer is wanted.',
  },
  LOCKED: {
    title: 'Another process owns the data directory',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Stop the other process, or use another data directory.',
  },
  UNSAFE_FILESYSTEM: {
    title: 'The file system cannot keep the promise',
    retryable: false,
    outcome: 'rejected',
    remedy:
      'Use a local disk file system, or set LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM=true knowing that acknowledged events can be lost.',
  },
  FORMAT_UNSUPPORTED: {
    title: 'The data directory was written by a newer format',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Run the version of Lighthouse that wrote it, or a newer one.',
  },
  UNFINISHED_IMPORT: {
    title: 'An import into the data directory was begun and not finished',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Run the same import again, which goes on where it stopped, or begin with an empty directory.',
  },
  NOT_FOUND: {
    title: 'There is nothing here',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Check the path and the id; what a token may not read does not exist for it.',
  },
  MALFORMED_BODY: {
    title: 'The body cannot be read',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Send one JSON object in UTF-8, or one MessagePack map, as content-type says.',
  },
  BODY_TOO_LARGE: {
    title: 'The body is larger than allowed',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Split the batch, or keep large content elsewhere and refer to it.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    title: 'The body is of a kind that is not taken here',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Send application/json or application/msgpack, not compressed.',
  },
  NOT_ACCEPTABLE: {
    title: 'The answer cannot be given in any form the request accepts',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Accept application/json, application/msgpack or, on reads, application/x-ndjson.',
  },
  UNAUTHENTICATED: {
    title: 'The request does not say who sends it',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Send Authorization: Bearer with a token that is valid now.',
  },
  FORBIDDEN: {
    title: 'The token does not allow this',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Ask an operator for a token with the scope named in the detail.',
  },
  RATE_LIMITED: {
    title: 'Too much in too short a time',
    retryable: true,
    outcome: 'rejected',
    remedy: 'Wait as long as Retry-After says.',
  },
  WORK_LIMIT: {
    title: 'One agent holds as much as it may',
    retryable: true,
    outcome: 'rejected',
    remedy: 'End or finish some of what the detail names, then send it again.',
  },
  PRECONDITION_FAILED: {
    title: 'The stream is not at the revision of If-Match or If-None-Match',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Read the stream from the actual revision, decide again, and append with the new revision.',
  },
  REQUEST_TIMEOUT: {
    title: 'The request did not arrive in time',
    retryable: true,
    outcome: 'rejected',
    remedy: 'Send it again over a faster or a new connection.',
  },
  WRONG_HOST: {
    title: 'The server is not to be asked under this name',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Use localhost or 127.0.0.1, or have the name added to LIGHTHOUSE_ALLOWED_HOSTS.',
  },
  BAD_HTTP: {
    title: 'This is not a request that HTTP/1.1 allows',
    retryable: false,
    outcome: 'rejected',
    remedy: 'Correct the request line, the headers or the length of the body.',
  },
  INTERNAL: {
    title: 'A defect in Lighthouse',
    retryable: false,
    outcome: 'indeterminate',
    remedy: 'Report it with the trace id.',
  },
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof ERRORS

export interface FieldError {
  /** JSON Pointer into the request. */
  readonly pointer: string
  readonly detail: string
}

export type Violation =
  | {
      readonly kind: 'revision'
      readonly stream: string
      readonly expected: ExpectedRevision
      readonly actual: Revision
    }
  | { readonly kind: 'condition'; readonly id: string; readonly position: Position; readonly type: string }

export interface ErrorFacts {
  readonly errors?: readonly FieldError[]
  readonly violations?: readonly Violation[]
  /** After which it makes sense to try again. */
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly errors: readonly FieldError[]
  readonly violations: readonly Violation[]
  readonly retryAfterSeconds: number | undefined

  constructor(
    readonly code: ErrorCode,
    detail: string,
    facts: ErrorFacts = {},
  ) {
    super(detail, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.errors = facts.errors ?? []
    this.violations = facts.violations ?? []
    this.retryAfterSeconds = facts.retryAfterSeconds
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }

  get outcome(): Outcome {
    return ERRORS[this.code].outcome
  }
}
