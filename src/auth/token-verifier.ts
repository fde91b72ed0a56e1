// Verifies tokens and turns them into access rights; a token verified before costs one look into a map.
import passport from 'passport'
import { StoreError } from '../contract/errors.js'
import { Access } from './access.js'
import type { AuthOptions } from './auth-options.js'
import { BadToken, checkParties, expired, expiryOf, identityOf, issuerOf, tokenIdOf } from './claims.js'
import { JwtStrategy, type PresentedToken } from './jwt.strategy.js'
import { Revocations } from './revocations.js'
import { TokenClock } from './token-clock.js'
import { FRESH_FOR_MS, RENEW_AFTER_MS, TokenKeys } from './token-keys.js'

const longestToken = 8 * 1024
const mostRemembered = 10_000

const WRONG = 'The signature of the token is not right: it was signed with another key, or changed since'

export interface Verified {
  readonly access: Access
  readonly tokenId: string | undefined
  readonly issuer: string | undefined
  readonly expiresAt: number
  /** When the leeway after `exp` is over, in milliseconds since 1970; always a valid date, as `expiresAt` is. */
  readonly endsAt: number
  /** As of when the key of its signature was known to be good, in the clock's steady time: memory does not outlive the set of keys. */
  readonly checkedAt: number
}

export class TokenVerifier {
  private readonly remembered = new Map<string, Verified>()
  readonly revocations = new Revocations()
  private readonly passport = new passport.Authenticator()

  constructor(
    private readonly options: AuthOptions,
    readonly clock: TokenClock = new TokenClock(),
    private readonly keys: TokenKeys = new TokenKeys(options, () => clock.steady()),
  ) {
    this.passport.use(new JwtStrategy(options, keys))
  }

  /** Asks for keys that could not be had. */
  retryKeys(): void {
    this.keys.retry()
  }

  /** Throws BadToken, or rejects with it; the answer is synchronous only for a token that is still remembered. */
  verify(token: string): Verified | Promise<Verified> {
    const known = this.remembered.get(token)
    if (known !== undefined) {
      const age = this.clock.steady() - known.checkedAt
      if (age > RENEW_AFTER_MS) this.keys.keepFresh()
      if (age < FRESH_FOR_MS) return this.checked(known)
    }
    if (token.length > longestToken) throw new BadToken('The token is larger than 8 kB')
    // Taken before the key is looked for: a newer set that comes meanwhile may not have it any more.
    const asOf = this.keys.asOf(token)
    return this.claimsOf(token).then(claims => this.remember(token, claims, asOf))
  }

  /** Once more, for a request that was admitted by this token. Throws UNAUTHENTICATED when it is no longer good. */
  async stillGood(token = ''): Promise<Verified> {
    try {
      return await this.verify(token)
    } catch (error) {
      throw new StoreError('UNAUTHENTICATED', (error as Error).message)
    }
  }

  private remember(token: string, claims: unknown, checkedAt: number): Verified {
    const { leewaySeconds, own } = this.options
    checkParties(claims, this.options)
    const expiresAt = expiryOf(claims, this.clock.now() / 1000, leewaySeconds) * 1000
    const verified = this.checked({
      access: new Access(identityOf(claims), own),
      tokenId: tokenIdOf(claims),
      issuer: issuerOf(claims),
      expiresAt,
      endsAt: expiresAt + leewaySeconds * 1000,
      checkedAt,
    })
    if (this.remembered.size >= mostRemembered) this.remembered.delete(this.remembered.keys().next().value as string)
    this.remembered.set(token, verified)
    return verified
  }

  private checked(verified: Verified): Verified {
    const now = this.clock.now()
    if (now >= verified.endsAt) throw expired(verified.expiresAt / 1000, now / 1000)
    const { access, tokenId } = verified
    if (this.revocations.covers(access.agentId, tokenId)) throw new BadToken('The token has been revoked')
    return verified
  }

  private claimsOf(token: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const answered = (error: unknown, claims: unknown, why?: unknown) => {
        if (claims) resolve(claims)
        else reject([error, why].find(one => one instanceof BadToken) ?? new BadToken(WRONG))
      }
      const authenticate = this.passport.authenticate('jwt', { session: false }, answered)
      const presented: PresentedToken = { token }
      try {
        authenticate(presented, {}, answered)
      } catch (error) {
        // The library throws instead of refusing when the claims are no object.
        answered(error, false)
      }
    })
  }
}
