// What the command and its generators, which are processes of their own, say to each other.
import type { LedgerCheck } from './ledger/check-ledger.js'
import type { PlannedPhase, Profile } from './profile.js'

/** `schedule` sends by the schedule; `followers` hears what is stored; `fleet` is agents who misbehave. */
export type GeneratorRole = 'schedule' | 'followers' | 'fleet'

export interface Plan {
  readonly role: GeneratorRole
  readonly url: string
  /** Of all generators of the run. */
  readonly base: string
  /** Among them. */
  readonly name: string
  readonly seed: string
  /** Where what it has sent is written down. */
  readonly directory: string
  /** It stays there, for a later part of the run. */
  readonly isKept: boolean
  /** The part of all operations that this one sends. */
  readonly part: number
  readonly profile: Profile
  readonly phases: readonly PlannedPhase[]
}

export type ToGenerator =
  | { readonly say: 'plan'; readonly plan: Plan }
  /** Milliseconds since 1970. */
  | { readonly say: 'begin'; readonly at: number }
  | { readonly say: 'token'; readonly token: string }
  /** All connections are cut. */
  | { readonly say: 'cut' }
  /** What is on its way is waited for, and what was acknowledged is looked for in the store. */
  | { readonly say: 'end' }

export type FromGenerator =
  | { readonly say: 'ready' }
  | { readonly say: 'token' }
  /** Numbers of `TALLIED` each. */
  | { readonly say: 'tally'; readonly rows: Float64Array<ArrayBuffer> }
  /** Everything of the schedule was begun, or would have been. */
  | { readonly say: 'sent' }
  | { readonly say: 'ended'; readonly result: GeneratorResult; readonly memory: Omit<GeneratorMemory, 'name'> }
  | { readonly say: 'broken'; readonly why: string }

export interface GeneratorResult {
  readonly name: string
  /** Of the schedule. */
  readonly planned: number
  readonly begun: number
  /** Operations that waited for an earlier one to end, because as many were under way as may be. */
  readonly held: number
  readonly acknowledged: number
  readonly check: LedgerCheck
  /** The first failures in words. */
  readonly told: readonly string[]
}

/** The most bytes that a generator had resident in each half of the run, and while it looked for what was acknowledged. */
export interface GeneratorMemory {
  readonly name: string
  readonly firstHalf: number
  readonly secondHalf: number
  readonly check: number
}

/** A row of a tally: the operation by its number, when it was to be sent, microseconds until it ended, and so on. */
export const TALLIED = ['operation', 'at', 'micros', 'outcome', 'lateMs', 'events'] as const
