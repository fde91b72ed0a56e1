// Turns the text of a token into what its bearer may do; a token seen before costs one look into a map.
import type { KeyObject } from 'node:crypto'
import { Strategy } from 'passport-jwt'
import { Access } from './access.js'
import type { Algorithm, AuthOptions } from './auth-options.js'
import { BadToken, expiryOf, headerOf, identityOf, tokenIdOf } from './claims.js'
import { Revocations } from './revocations.js'
import { TokenClock } from './token-clock.js'
import { TokenKeys } from './token-keys.js'

const longestToken = 8 * 1024
const mostRemembered = 10_000
/** A key withdrawn from its set stops working within this time, and memory cannot outlive it. */
const rememberedMs = 300_000

export interface Verified {
  readonly access: Access
  readonly tokenId: string | undefined
  readonly expiresAt: number
  /** When the leeway after `exp` is over, in milliseconds since 1970: within what a Date can hold, as `expiresAt` is. */
  readonly endsAt: number
  /** In the clock's steady time. */
  readonly checkedAt: number
}

interface Presented {
  readonly token: string
  readonly key: string | KeyObject
}

export class TokenVerifier {
  private readonly remembered = new Map<string, Verified>()
  readonly revocations = new Revocations()
  private readonly strategy: Strategy

  constructor(
    private readonly options: AuthOptions,
    readonly clock: TokenClock = new TokenClock(),
    private readonly keys: TokenKeys = new TokenKeys(options, () => clock.steady()),
  ) {
    this.strategy = new Strategy(
      {
        jwtFromRequest: request => (request as unknown as Presented).token,
        secretOrKeyProvider: (request, _token, done) => done(null, (request as unknown as Presented).key as never),
        algorithms: [...options.algorithms],
        // Times are checked in expiryOf, by the clock that was handed in.
        ignoreExpiration: true,
        jsonWebTokenOptions: { ignoreNotBefore: true } as never,
        ...(options.issuer !== undefined && { issuer: options.issuer }),
        ...(options.audience !== undefined && { audience: options.audience }),
      },
      (claims: unknown, done: (error: unknown, claims?: unknown) => void) => done(null, claims),
    )
  }

  /** Throws BadToken. A promise only when the key set has to be asked for a key it may have by now. */
  verify(token: string): Verified | Promise<Verified> {
    const known = this.remembered.get(token)
    if (known !== undefined && this.clock.steady() - known.checkedAt < rememberedMs) return this.checked(known)
    if (token.length > longestToken) throw new BadToken('The token is larger than 8 kB')
    const { alg, kid } = headerOf(token)
    if (!this.options.algorithms.includes(alg as Algorithm)) throw new BadToken('The algorithm is not allowed')
    const algorithm = alg as Algorithm
    const key = this.keys.find(algorithm, kid)
    if (key !== undefined) return this.verifyWith(token, key)
    if (!this.keys.mayRefresh(algorithm)) throw new BadToken('The key of the token is not known')
    return this.keys.refresh().then(() => {
      const found = this.keys.find(algorithm, kid)
      if (found === undefined) throw new BadToken('The key of the token is not known')
      return this.verifyWith(token, found)
    })
  }

  private verifyWith(token: string, key: string | KeyObject): Verified {
    const claims = this.claimsOf({ token, key })
    const { leewaySeconds, own } = this.options
    const expiresAt = expiryOf(claims, this.clock.now() / 1000, leewaySeconds) * 1000
    const verified = this.checked({
      access: new Access(identityOf(claims), own),
      tokenId: tokenIdOf(claims),
      expiresAt,
      endsAt: expiresAt + leewaySeconds * 1000,
      checkedAt: this.clock.steady(),
    })
    if (this.remembered.size >= mostRemembered) this.remembered.delete(this.remembered.keys().next().value as string)
    this.remembered.set(token, verified)
    return verified
  }

  private checked(verified: Verified): Verified {
    if (this.clock.now() >= verified.endsAt) throw new BadToken('The token has expired')
    const { access, tokenId } = verified
    if (this.revocations.covers(access.agentId, tokenId)) throw new BadToken('The token has been revoked')
    return verified
  }

  /** Passport gives a strategy its callbacks by setting them; with a key at hand they are called before it returns. */
  private claimsOf(presented: Presented): unknown {
    let claims: unknown
    const refuse = () => undefined
    const run = Object.assign(Object.create(this.strategy), {
      success: (found: unknown) => {
        claims = found
      },
      fail: refuse,
      error: refuse,
    }) as Strategy
    try {
      run.authenticate(presented as never)
    } catch {
      // Claims that are no object make the library fail instead of refusing.
    }
    if (claims === undefined) throw new BadToken('The signature, issuer or audience of the token is not right')
    return claims
  }
}
