// Collects what is wrong with an untrusted request, field by field, and throws it as one catalogued error.
import { ERRORS, type ErrorCode, type FieldError, StoreError } from '../errors.js'

/** Enough to correct a request in one go, and few enough for an answer. */
const FINDINGS_MAX = 20
/** A key may be a megabyte long, so its pointer shows only the beginning. */
const SEGMENT_CHARS_MAX = 128

export type FindingCode = Extract<
  ErrorCode,
  'INVALID_EVENT' | 'INVALID_REQUEST' | 'EVENT_TOO_LARGE' | 'BATCH_TOO_LARGE'
>

/** Decides the code of the answer when several things are wrong: a broken rule outweighs a size. */
const WEIGHT: Readonly<Record<FindingCode, number>> = {
  EVENT_TOO_LARGE: 1,
  BATCH_TOO_LARGE: 2,
  INVALID_EVENT: 3,
  INVALID_REQUEST: 4,
}

export function pointerSegment(key: string | number): string {
  if (typeof key === 'number') return `/${key}`
  const shown = key.length > SEGMENT_CHARS_MAX ? `${key.slice(0, SEGMENT_CHARS_MAX)}…` : key
  // A lone surrogate cannot be written as UTF-8, so the pointer shows U+FFFD in its place.
  return `/${shown.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`
}

export class FieldFindings {
  private readonly errors: FieldError[] = []
  private code: FindingCode | undefined

  get full(): boolean {
    return this.errors.length >= FINDINGS_MAX
  }

  get any(): boolean {
    return this.code !== undefined
  }

  add(code: FindingCode, pointer: string, detail: string): void {
    if (this.code === undefined || WEIGHT[code] > WEIGHT[this.code]) this.code = code
    if (!this.full) this.errors.push({ pointer, detail })
  }

  /** Throws one error with everything that was found, or does nothing. */
  settle(): void {
    if (this.code === undefined) return
    const first = this.errors[0] as FieldError
    const others = this.errors.length - 1
    const where = first.pointer === '' ? 'the request' : first.pointer
    const more = others === 0 ? '' : ` (and ${others} more)`
    throw new StoreError(this.code, `${ERRORS[this.code].title}: ${where} ${first.detail}${more}`, {
      errors: this.errors,
    })
  }
}
