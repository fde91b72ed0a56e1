// Signs tokens with the shared secret, for developers and for deployments without an identity provider.
import { SignJWT } from 'jose'
import type { Permissions, Role } from './access.js'

export interface TokenWish {
  readonly agentId: string
  readonly role: Role
  readonly permissions?: Permissions
  readonly expiresInSeconds: number
  readonly issuer?: string
  readonly audience?: string
}

export function signToken(wish: TokenWish, secret: string): Promise<string> {
  const { agentId, role, permissions, expiresInSeconds, issuer, audience } = wish
  const now = Math.floor(Date.now() / 1000)
  const token = new SignJWT({ role, ...(permissions === undefined ? {} : { permissions }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(agentId)
    .setIssuedAt(now)
    .setExpirationTime(now + expiresInSeconds)
  if (issuer !== undefined) token.setIssuer(issuer)
  if (audience !== undefined) token.setAudience(audience)
  return token.sign(Buffer.from(secret))
}
