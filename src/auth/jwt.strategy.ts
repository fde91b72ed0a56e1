// The passport strategy for our tokens: looks up the key a token names and checks the signature; all else is ours.
import { PassportStrategy } from '@nestjs/passport'
import passport from 'passport'
import { Strategy } from 'passport-jwt'
import type { AuthOptions } from './auth-options.js'
import type { TokenKeys } from './token-keys.js'

/** Takes the place of passport's request, because a token may come in a frame as well as in a header. */
export interface PresentedToken {
  readonly token: string
}

export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor({ algorithms }: AuthOptions, keys: TokenKeys) {
    super({
      jwtFromRequest: request => (request as unknown as PresentedToken).token,
      secretOrKeyProvider: (_request, token, done) => {
        const found = keys.ofToken(token)
        if (found instanceof Promise) found.then(key => done(null, key as never)).catch(done)
        else done(null, found as never)
      },
      algorithms: [...algorithms],
      // `expiryOf` checks the times, because it uses the clock of the tokens and not the wall clock. `checkParties`
      // checks issuer and audience, because the library tells apart what is wrong by its messages alone.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true } as never,
    })
  }

  /** The verifier reads the claims itself, so they are passed on as they are. */
  validate(claims: unknown): unknown {
    return claims
  }

  /** Passport's registry is global to the process: with two servers in it, the later would judge the tokens of both. */
  getPassportInstance(): passport.Authenticator {
    return new passport.Authenticator()
  }
}
