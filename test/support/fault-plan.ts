// Which operations of a fake disk fail, come short or lose the power, and the errors they then end with.

export type OperationKind =
  | 'open'
  | 'openSync'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'read'
  | 'readSync'
  | 'size'
  | 'rename'
  | 'unlink'
  | 'makeDirectory'
  | 'syncDirectory'
  | 'list'
  | 'space'
  | 'lock'

export interface Operation {
  /** 1 for the first operation of the disk. */
  readonly number: number
  readonly kind: OperationKind
  readonly path: string
}

/** What goes wrong. Operations are counted from 1, from the moment the fault is armed, and only those it can strike. */
export interface Fault {
  /** The power goes at this operation, which may have happened in part; it and all later ones reject with PowerLoss. */
  readonly dieAt?: number
  /** This operation fails, once. */
  readonly failAt?: number
  /** This operation and all later ones fail, until `heal()`. */
  readonly failFrom?: number
  /** A system error code, EIO unless told. `short` makes a write return a short count instead of failing. */
  readonly code?: string
  readonly only?: (kind: OperationKind, path: string) => boolean
}

export type Strike = { readonly die: true } | { readonly code: string }

export const SHORT = 'short'

// Codes that a system gives for some operations only; every other code may strike any of them.
const KINDS_OF_CODE = new Map<string, readonly OperationKind[]>([
  [SHORT, ['write']],
  ['ENOSPC', ['write', 'open', 'lock', 'makeDirectory', 'rename']],
  ['EDQUOT', ['write', 'open', 'lock', 'makeDirectory', 'rename']],
  ['EMFILE', ['open', 'openSync', 'lock', 'list', 'syncDirectory']],
  ['ENFILE', ['open', 'openSync', 'lock', 'list', 'syncDirectory']],
])

/** The power is gone, and the process with it. Carries no code: no system call ever returned this. */
export class PowerLoss extends Error {
  constructor(operation: Operation | undefined, during: string) {
    super(operation ? `power lost at operation ${describe(operation)}` : `no power: ${during}`)
    this.name = 'PowerLoss'
  }
}

export function describe({ number, kind, path }: Operation): string {
  return `${number}: ${kind} ${path}`
}

export function diskError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path })
}

export class FaultPlan {
  /** How many operations a fault has struck so far, deaths included. */
  delivered = 0
  private armed: { readonly fault: Fault; seen: number }[] = []

  arm(faults: Fault | readonly Fault[]): void {
    for (const fault of [faults].flat()) this.armed.push({ fault, seen: 0 })
  }

  /** Failures end; a death to come still comes. */
  heal(): void {
    this.armed = this.armed.filter(({ fault }) => fault.dieAt !== undefined)
  }

  /** Counts the operation in every fault; the first armed one that is due decides. */
  strike(kind: OperationKind, path: string): Strike | undefined {
    let strike: Strike | undefined
    for (const entry of this.armed) {
      if (!admits(entry.fault, kind, path)) continue
      entry.seen++
      strike ??= dueAt(entry.fault, entry.seen)
    }
    if (strike) this.delivered++
    return strike
  }
}

function admits({ dieAt, code, only }: Fault, kind: OperationKind, path: string): boolean {
  if (only && !only(kind, path)) return false
  if (dieAt !== undefined || code === undefined) return true
  return KINDS_OF_CODE.get(code)?.includes(kind) ?? true
}

function dueAt({ dieAt, failAt, failFrom, code = 'EIO' }: Fault, seen: number): Strike | undefined {
  if (seen === dieAt) return { die: true }
  if (seen === failAt || (failFrom !== undefined && seen >= failFrom)) return { code }
  return undefined
}
