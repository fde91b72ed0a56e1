// An error on its way to another thread: what a client is told of it crosses, and its stack and causes do not.
import { type ErrorCode, type ErrorFacts, StoreError } from '../contract/errors.js'

export type PackedError = { readonly code: ErrorCode; readonly detail: string; readonly facts: ErrorFacts } | Error

export function packError(error: unknown): PackedError {
  if (!(error instanceof StoreError)) return error instanceof Error ? error : new Error(String(error))
  const { code, message, errors, violations, damage, retryAfterSeconds, mode, fork } = error
  const facts = { errors, violations, damage, retryAfterSeconds, mode, fork } as ErrorFacts
  return { code, detail: message, facts }
}

export function unpackError(packed: PackedError): Error {
  return packed instanceof Error ? packed : new StoreError(packed.code, packed.detail, packed.facts)
}
