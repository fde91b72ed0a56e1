// The error catalogue: every code of the service, what it means, what ends it, and whether trying again can help.
import type { Position, Revision } from './event.js'
import type { ExpectedRevision } from './expected-revision.js'

/** `rejected` is surely not stored. `indeterminate` may be stored; a repetition with the same idempotency key tells. */
export type Outcome = 'rejected' | 'indeterminate'

/**
 * What ends a failure. `recoverable`: it passes by itself, with time. `human`: an operator has to act. `restart`: the
 * process goes on only when started anew, on a restored directory where bytes are damaged. `caller`: nothing failed
 * here; the request has to change.
 */
export type FailureClass = 'recoverable' | 'human' | 'restart' | 'caller'

interface CatalogueEntry {
  readonly title: string
  /** Status of the HTTP answer, and of the problem that a frame carries. */
  readonly status: number
  readonly failure: FailureClass
  readonly retryable: boolean
  readonly outcome: Outcome
  /** What the caller should do next, in one sentence. */
  readonly remedy: string
}

type Exception = Partial<Pick<CatalogueEntry, 'retryable' | 'outcome'>>

/** Only what passes by itself is worth another try, and a failed append is not stored; `but` holds the exceptions. */
function entryOf(failure: FailureClass) {
  return (status: number, title: string, remedy: string, but: Exception = {}): CatalogueEntry => {
    const { retryable = failure === 'recoverable', outcome = 'rejected' } = but
    return { title, status, failure, retryable, outcome, remedy }
  }
}

const recoverable = entryOf('recoverable')
const human = entryOf('human')
const restart = entryOf('restart')
const caller = entryOf('caller')

export const ERRORS = {
  INVALID_EVENT: caller(400, 'The event breaks a rule', 'Correct the fields named in errors and send it again.'),
  INVALID_REQUEST: caller(400, 'The request breaks a rule', 'Correct the fields named in errors and send it again.'),
  EVENT_TOO_LARGE: caller(
    413,
    'The event is larger than allowed',
    'Keep large content elsewhere and refer to it from the event.',
  ),
  BATCH_TOO_LARGE: caller(413, 'The batch is larger than allowed', 'Split the batch.'),
  REVISION_CONFLICT: caller(
    409,
    'A stream is not at the expected revision',
    'Read the stream from the actual revision, decide again, and append with the new expected revision.',
  ),
  CONDITION_FAILED: caller(
    409,
    'Events match the condition',
    'Read the conflicting event, decide again, and append with a newer after.',
  ),
  STATE_TOO_LARGE: caller(
    422,
    'The state is larger than allowed',
    'Fold fewer events, or with a reducer that keeps less.',
  ),
  KEY_REUSED: caller(422, 'The idempotency key belongs to another request', 'Use a new key for a new request.'),
  SUBSCRIPTION_CONFLICT: caller(
    409,
    'The subscription is another one, or one too many',
    'Delete the subscription that is in the way, or define this one under another name.',
  ),
  SNAPSHOT_CONFLICT: caller(
    409,
    'The snapshot is protected, or the fold one too many',
    'End the protection named in the detail, let a fold go, or choose another name.',
  ),
  LINEAGE_FORKED: caller(
    409,
    'The store is not the one that the reader knows',
    'Keep what you have up to fork, drop what is behind it, and go on from fork with the lineage of this answer.',
  ),
  STALE_DELIVERY: caller(
    409,
    'A token settles no delivery',
    'Leave out the tokens named in errors: what they stood for is settled or with another consumer.',
  ),
  TOO_MANY_DEFINITIONS: caller(
    409,
    'There are as many definitions as a server holds',
    'Delete one that is no longer needed, or make it smaller.',
  ),
  MEMORY_SHORT: recoverable(
    409,
    'There is not enough free memory',
    'Ask again when more memory is free, or give the process more.',
  ),
  OVERLOADED: recoverable(503, 'Too many appends are waiting', 'Wait a moment and send it again.'),
  DISK_FULL: recoverable(
    507,
    'The disk is full',
    'Free space on the data volume; the store accepts appends again by itself.',
  ),
  READ_ONLY: human(
    503,
    'The store accepts no appends',
    'See the store status; after damage an operator has to run verify and repair.',
    { retryable: true },
  ),
  INDETERMINATE: restart(
    503,
    'It is not known whether the append was stored',
    'Send it again with the same idempotency key; the answer tells.',
    { retryable: true, outcome: 'indeterminate' },
  ),
  DATA_CORRUPT: restart(500, 'Stored bytes are damaged', 'Read around the damaged range, or restore it from a backup.'),
  STORAGE_UNAVAILABLE: restart(
    503,
    'The storage cannot be read',
    'Check the disk and the descriptor limit, then try again.',
    { retryable: true },
  ),
  MODE_FORBIDS: recoverable(
    503,
    'The mode of the service forbids this',
    'Wait as long as Retry-After says and send it again; reads and subscriptions go on. Lighthouse-Mode says which mode it is.',
  ),
  CLOSED: recoverable(503, 'The store is closing', 'Connect again and send it again.'),
  ABORTED: caller(503, 'The caller gave up', 'Ask again when the answer is wanted.', { retryable: true }),
  LOCKED: human(
    503,
    'Another process owns the data directory',
    'Stop the other process, or use another data directory.',
  ),
  UNSAFE_FILESYSTEM: human(
    503,
    'The file system cannot keep the promise',
    'Use a local disk file system, or set LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM=true knowing that acknowledged events can be lost.',
  ),
  FORMAT_UNSUPPORTED: human(
    503,
    'The data directory was written by a newer format',
    'Run the version of Lighthouse that wrote it, or a newer one.',
  ),
  UNFINISHED_IMPORT: human(
    503,
    'An import into the data directory was begun and not finished',
    'Run the same import again, which goes on where it stopped, or begin with an empty directory.',
  ),
  NOT_FOUND: caller(
    404,
    'There is nothing here',
    'Check the path and the id; what a token may not read does not exist for it.',
  ),
  MALFORMED_BODY: caller(
    400,
    'The body cannot be read',
    'Send one JSON object in UTF-8, or one MessagePack map, as content-type says.',
  ),
  BODY_TOO_LARGE: caller(
    413,
    'The body is larger than allowed',
    'Split the batch, or keep large content elsewhere and refer to it.',
  ),
  UNSUPPORTED_MEDIA_TYPE: caller(
    415,
    'The body is of a kind that is not taken here',
    'Send application/json in UTF-8 or application/msgpack, not compressed.',
  ),
  NOT_ACCEPTABLE: caller(
    406,
    'The answer cannot be given in any form the request accepts',
    'Accept application/json, application/msgpack or, on reads, application/x-ndjson.',
  ),
  METHOD_NOT_ALLOWED: caller(405, 'The path does not take this method', 'Use a method that Allow names.'),
  UPGRADE_REQUIRED: caller(
    426,
    'The path is a WebSocket',
    'Open it with a WebSocket client, which asks for the upgrade; over plain HTTP, follow GET /v1/events as server-sent events.',
  ),
  UNAUTHENTICATED: human(
    401,
    'The request does not say who sends it',
    'Send Authorization: Bearer with a token that is valid now.',
  ),
  FORBIDDEN: human(
    403,
    'The token does not allow this',
    'Ask an operator for a token with the scope named in the detail, for the streams it is to cover.',
  ),
  SERVICE_STREAM: caller(
    403,
    'Only the service itself writes to its streams',
    'Append to a stream whose name does not begin with $.',
  ),
  RATE_LIMITED: recoverable(429, 'Too much in too short a time', 'Wait as long as Retry-After says.'),
  WORK_LIMIT: recoverable(
    429,
    'One agent holds as much as it may',
    'End or finish some of what the detail names, then send it again.',
  ),
  PRECONDITION_FAILED: caller(
    412,
    'The stream is not at the revision of If-Match or If-None-Match',
    'Read the stream from the actual revision, decide again, and append with the new revision.',
  ),
  REQUEST_TIMEOUT: recoverable(
    408,
    'The request did not arrive in time',
    'Send it again over a faster or a new connection.',
  ),
  WRONG_HOST: caller(
    421,
    'The server is not to be asked under this name',
    'Use localhost or 127.0.0.1, or have the name added to LIGHTHOUSE_ALLOWED_HOSTS.',
  ),
  WRONG_ORIGIN: human(
    403,
    'Pages of this origin are not let in',
    "Serve the page from the server's own origin, or have its origin added to LIGHTHOUSE_CORS_ORIGINS.",
  ),
  BAD_HTTP: caller(
    400,
    'This is not a request that HTTP/1.1 allows',
    'Correct the request line, the headers or the length of the body.',
  ),
  INTERNAL: human(500, 'A defect in Lighthouse', 'Report it with the trace id.', { outcome: 'indeterminate' }),
} satisfies Record<string, CatalogueEntry>

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

/** Positions whose events cannot be read, both inclusive. */
export interface Damage {
  readonly from: Position
  readonly to: Position
}

export interface ErrorFacts {
  readonly errors?: readonly FieldError[]
  readonly violations?: readonly Violation[]
  /** The positions that the detail is about. The detail then names nothing that only an operator may know. */
  readonly damage?: Damage
  /** Seconds after which it makes sense to try again. */
  readonly retryAfterSeconds?: number
  /** The mode of the service that is the reason. */
  readonly mode?: string
  /** The last position that the log which the reader knows and this one have in common. */
  readonly fork?: Position
  readonly cause?: unknown
}

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly errors: readonly FieldError[]
  readonly violations: readonly Violation[]
  readonly damage: Damage | undefined
  readonly retryAfterSeconds: number | undefined
  readonly mode: string | undefined
  readonly fork: Position | undefined

  constructor(
    readonly code: ErrorCode,
    detail: string,
    facts: ErrorFacts = {},
  ) {
    super(detail, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.errors = facts.errors ?? []
    this.violations = facts.violations ?? []
    this.damage = facts.damage
    this.retryAfterSeconds = facts.retryAfterSeconds
    this.mode = facts.mode
    this.fork = facts.fork
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }

  get outcome(): Outcome {
    return ERRORS[this.code].outcome
  }
}

/** Accepts any error, of Node, Fastify and Nest too, and values that are no error. */
export function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}

/** One field of a request breaks a rule. `said` replaces the sentence where it names the field in another way. */
export function invalid(pointer: string, detail: string, said = `${pointer} ${detail}`.trim()): StoreError {
  return new StoreError('INVALID_REQUEST', said, { errors: [{ pointer, detail }] })
}

/** For sizes that are known only after encoding, because every backend counts the bytes of MessagePack. */
export function tooLarge(code: 'EVENT_TOO_LARGE' | 'BATCH_TOO_LARGE', pointer: string, limit: number): StoreError {
  const detail = `larger than ${limit} bytes as stored`
  return new StoreError(code, `${pointer} is ${detail}`, { errors: [{ pointer, detail }] })
}

/** Names the positions, so that the caller can read around them; `loss` says what follows from their loss. */
export function unreadable({ from, to, reason }: Damage & { readonly reason: string }, loss = ''): StoreError {
  const which = from === to ? `position ${from}` : `positions ${from} to ${to}`
  const detail = `${which} cannot be read: ${reason}${loss === '' ? '' : `; ${loss}`}`
  return new StoreError('DATA_CORRUPT', detail, { damage: { from, to } })
}
