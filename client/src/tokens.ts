// Provides the token of every request: a fixed one, or one that a function makes and that is kept while it is valid.

/** Returns a token that is valid now. It is called when none is held, before one expires, and after a refusal. */
export type TokenFunction = () => string | Promise<string>

/** A token is replaced this long before it expires, or after four fifths of its life if that is later. */
const MARGIN_MS = 30_000

interface Held {
  readonly token: Promise<string>
  /** The time by this machine's clock at which the token is replaced; infinite when its expiry is not known. */
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

  /** Whether a refused token can be replaced; a fixed token cannot. */
  get renewable(): boolean {
    return typeof this.source === 'function'
  }

  /** Callers that come at the same time share one call of the function. */
  async current(): Promise<string> {
    if (typeof this.source === 'string') return this.source
    if (this.held === undefined || this.now() >= this.held.until) this.held = this.ask(this.source)
    return this.held.token
  }

  /** Drops a refused token. If another request has replaced it meanwhile, the newer token must not be dropped. */
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
        // Those who wait get the rejection. The failed promise is not kept, because the next caller should try again.
        if (this.held === held) this.held = undefined
      },
    )
    return held
  }
}

/** When this JWT should be replaced. A token that is no JWT is used until the server refuses it. */
export function goodUntil(token: string, now: number): number {
  return replacedAt(endOf(token), now)
}

/**
 * Some time before the expiry. A token that seems expired on arrival was made by another clock, so only the server can
 * judge it; replacing it at once would call the function for every request.
 */
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
