// Which HTTP status each code of the catalogue is answered with: the one place that knows. Pure.
import type { ErrorCode } from '../contract/errors.js'

const STATUS: Readonly<Record<ErrorCode, number>> = {
  INVALID_EVENT: 400,
  INVALID_REQUEST: 400,
  MALFORMED_BODY: 400,
  BAD_HTTP: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  NOT_ACCEPTABLE: 406,
  REQUEST_TIMEOUT: 408,
  REVISION_CONFLICT: 409,
  CONDITION_FAILED: 409,
  SUBSCRIPTION_CONFLICT: 409,
  SNAPSHOT_CONFLICT: 409,
  STALE_DELIVERY: 409,
  TOO_MANY_DEFINITIONS: 409,
  PRECONDITION_FAILED: 412,
  EVENT_TOO_LARGE: 413,
  BATCH_TOO_LARGE: 413,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  WRONG_HOST: 421,
  KEY_REUSED: 422,
  STATE_TOO_LARGE: 422,
  RATE_LIMITED: 429,
  WORK_LIMIT: 429,
  // Damage is no defect of the server, but the request was good and cannot be served.
  DATA_CORRUPT: 500,
  INTERNAL: 500,
  OVERLOADED: 503,
  READ_ONLY: 503,
  INDETERMINATE: 503,
  STORAGE_UNAVAILABLE: 503,
  CLOSED: 503,
  ABORTED: 503,
  LOCKED: 503,
  UNSAFE_FILESYSTEM: 503,
  FORMAT_UNSUPPORTED: 503,
  UNFINISHED_IMPORT: 503,
  DISK_FULL: 507,
}

export function statusOf(code: ErrorCode): number {
  return STATUS[code]
}

/** For errors of Fastify, Node and Nest, which know a status and no code of ours. */
export function codeOfStatus(status: number): ErrorCode {
  return OF_STATUS[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_REQUEST')
}

const OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_HTTP',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'NOT_FOUND',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  414: 'BAD_HTTP',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  421: 'WRONG_HOST',
  429: 'RATE_LIMITED',
  431: 'BAD_HTTP',
  503: 'OVERLOADED',
}
