// A history as it is recorded: what each client asked and was told, and when. The checker in Go reads it by the same names.

export interface LogEvent {
  readonly ref: string
  readonly stream: string
  readonly tags: readonly string[]
}

export interface Input {
  readonly op: 'append' | 'read' | 'deliver' | 'ack' | 'nack' | 'take'
  readonly events?: readonly LogEvent[]
  readonly expectations?: readonly { readonly stream: string; readonly revision: number }[]
  readonly condition?: { readonly tags: readonly string[]; readonly after: number }
  readonly key?: string
  /** Tells requests of one key apart. */
  readonly body?: string
  readonly stream?: string
  readonly tag?: string
  readonly number?: number
}

export interface Output {
  readonly result?: 'stored' | 'duplicate' | 'conflict' | 'reused' | 'ok' | 'stale'
  readonly first?: number
  readonly violations?: readonly { readonly stream?: string; readonly actual?: number; readonly position?: number }[]
  readonly events?: readonly { readonly ref: string; readonly position: number }[]
  readonly numbers?: readonly number[]
  readonly number?: number
  readonly attempt?: number
  readonly deadlineMs?: number
  /** The latest time that the server's clock may have shown when it answered. */
  readonly latestMs?: number
}

export interface Line {
  readonly model: 'log' | 'delivery' | 'numbers'
  readonly part: string
  readonly client: number
  readonly call: number
  /** Null when it may still take effect at any time. */
  readonly return: number | null
  readonly input: Input
  /** Null when nobody knows what became of it. */
  readonly output: Output | null
}

/** Nanoseconds of a clock that nothing bends. */
export const now = () => Math.round(performance.now() * 1e6)
