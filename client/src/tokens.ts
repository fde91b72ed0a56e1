// The token of every request: a fixed one, or one that a function gives, kept while it is good.

/** Answers a token that is good now. It is called when there is none, when the last one runs out, and when one was refused. */
export type TokenFunction = () => string | Promise<string>

/** What is left of its life when a token is replaced: at most this, or a fifth of it. */
const MARGIN_MS = 30_000

interface Held {
  readonly token: Promise<string>
  /** By this machine's clock, against the life the token was given; infinite when nothing is known. */
  until: number
}

export class Tokens {
  private held: Held | undefined

  constructor(
    private readonly source: string | TokenFunction,
    private readonly now: () => number = Date.now,
  ) {
    if (typeof source !== 'string' && typeof source !== 'function') {
      throw new TypeError('token must be a text or a function that answers one')
    }
  }

  /** Whether asking again can bring another token. */
  get renewable(): boolean {
    return typeof this.source === 'function'
  }

  /** Callers at the same time share one call of the function. */
  async current(): Promise<string> {
    if (typeof this.source === 'string') return this.source
    if (this.held === undefined || this.now() >= this.held.until) this.held = this.ask(this.source)
    return this.held.token
  }

  /** It was refused: the next call asks for another, unless that has been done meanwhile. */
  async refused(token: string): Promise<void> {
    const { held } = this
    if (held !== undefined && (await held.token.catch(() => token)) === token && this.held === held) {
      this.held = undefined
    }
  }

  private ask(source: TokenFunction): Held {
    const token = (async () => source())()
    const held: Held = { token, until: Number.POSITIVE_INFINITY }
    token.then(
      text => {
        held.until = goodUntil(text, this.now())
      },
      () => {
        // Whoever waits is told; whoever comes next asks anew.
        if (this.held === held) this.held = undefined
      },
    )
    return held
  }
}

/** What a JWT says of its end. A token that is none is good until the server refuses it. */
export function goodUntil(token: string, now: number): number {
  return replacedAt(endOf(token), now)
}

/** A while before its end. One that seems to have ended already was made by another clock: the server knows. */
export function replacedAt(ends: number, now: number): number {
  return ends > now ? ends - Math.min(MARGIN_MS, (ends - now) / 5) : Number.POSITIVE_INFINITY
}

function endOf(token: string): number {
  try {
    const claims: unknown = JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')))
    const end = (claims as { readonly exp?: unknown } | null)?.exp
    return typeof end === 'number' ? end * 1000 : Number.NaN
  } catch {
    return Number.NaN
  }
}
