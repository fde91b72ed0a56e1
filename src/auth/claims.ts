// Reads the header of a token before a key is looked up, and its claims after the signature was verified. Pure.
import { agentFault, streamGlobFault } from '../contract/check/check-names.js'
import { LIMITS } from '../contract/limits.js'
import { type Identity, type Permissions, ROLES, type Role, SCOPES } from './access.js'

/** Why a token is refused. The message goes to the caller, so it never repeats what the token says. */
export class BadToken extends Error {
  override readonly name = 'BadToken'
}

/** A class of its own, because RFC 6750 wants no error in the challenge when no token was sent. */
export class MissingToken extends BadToken {
  constructor() {
    super('The request has no Authorization header')
  }
}

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** No time of a token may be further from now (with room for leap days), so that sums with it stay valid dates. */
const FURTHEST_SECONDS = 10 * 366 * 86_400

const OWN_KEYS = ['jku', 'x5u', 'x5c', 'jwk']

export interface Parties {
  readonly issuer?: string
  readonly audience?: string
}

export interface TokenHeader {
  readonly alg: string
  readonly kid: string | undefined
}

export function headerOf(token: string): TokenHeader {
  if (!/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token)) throw new BadToken('It is no JWT')
  if (!token.split('.').every(isCanonical)) throw new BadToken('It is no JWT')
  const header = parsed(token.slice(0, token.indexOf('.')))
  const { alg, kid, crit, typ } = header
  // A key that comes with the token proves nothing, because the sender chose it.
  if (OWN_KEYS.some(name => name in header)) throw new BadToken('The token brings its own key')
  // RFC 7515 requires refusing a token with a critical extension that is not understood; none is known here.
  if (crit !== undefined) throw new BadToken('The token needs an extension that is not known here')
  if (typ !== undefined && (typeof typ !== 'string' || !/^(application\/)?(at\+)?jwt$/i.test(typ)))
    throw new BadToken('It is a token of another kind')
  if (typeof alg !== 'string') throw new BadToken('The token names no algorithm')
  if (kid !== undefined && typeof kid !== 'string') throw new BadToken('The key id is not text')
  return { alg, kid }
}

/** Bits of the last sign that are part of no byte would give one token several spellings, all of them signed. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

function parsed(part: string): Fields {
  try {
    const header: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    if (isFields(header)) return header
  } catch {
    // The error below covers this, without the text of the token.
  }
  throw new BadToken('It is no JWT')
}

/** Both in seconds since 1970. The server's time is told, because a caller whose clock is wrong cannot see why else. */
export function expired(exp: number, now: number): BadToken {
  const [ended, current] = [exp, now].map(seconds => new Date(Math.floor(seconds) * 1000).toISOString())
  return new BadToken(`The token has expired at ${ended}; the server's time is ${current}`)
}

/** Returns the expiry in seconds since 1970, always a valid date. Throws BadToken when the token is not valid now. */
export function expiryOf(claims: unknown, now: number, leewaySeconds: number): number {
  const { exp, nbf, iat } = isFields(claims) ? claims : {}
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw new BadToken('The token has no expiry')
  if (exp < now - FURTHEST_SECONDS) throw new BadToken('The token has expired longer than 10 years ago')
  if (exp + leewaySeconds <= now) throw expired(exp, now)
  if (exp > now + FURTHEST_SECONDS) throw new BadToken('The token expires later than in 10 years')
  for (const from of [nbf, iat]) {
    if (from === undefined) continue
    if (typeof from !== 'number' || !(from - leewaySeconds <= now)) throw new BadToken('The token is not valid yet')
    if (from < now - FURTHEST_SECONDS) throw new BadToken('The token was made longer than 10 years ago')
  }
  return exp
}

/** For claims whose signature was verified. Throws BadToken; what the server does not ask for is not looked at. */
export function checkParties(claims: unknown, { issuer, audience }: Parties): void {
  const { iss, aud } = isFields(claims) ? claims : {}
  if (issuer !== undefined && iss !== issuer) throw new BadToken('The issuer of the token is not the one trusted here')
  if (audience !== undefined && ![aud].flat().includes(audience))
    throw new BadToken('The audience of the token is not this server')
}

/** The `jti` by which one token can be revoked, so it must be a text that a revocation can name. Throws BadToken. */
export function tokenIdOf(claims: unknown): string | undefined {
  const { jti } = isFields(claims) ? claims : {}
  if (jti === undefined) return undefined
  if (agentFault(jti) !== undefined) throw new BadToken(`jti is not a text of 1 to ${LIMITS.agentChars} characters`)
  return jti as string
}

/** Who signed the token, as it says itself; undefined when it says nothing. */
export function issuerOf(claims: unknown): string | undefined {
  const { iss } = isFields(claims) ? claims : {}
  return typeof iss === 'string' ? iss : undefined
}

export function identityOf(claims: unknown): Identity {
  if (!isFields(claims)) throw new BadToken('The token holds no claims')
  const { role, permissions, act } = claims
  const onBehalfOf = actors(act)
  return {
    agentId: agentOf(claims),
    role: roleOf(role),
    ...(permissions === undefined ? {} : { permissions: permissionsOf(permissions) }),
    ...(onBehalfOf.length === 0 ? {} : { onBehalfOf }),
  }
}

function agentOf({ sub, agent_id: named }: Fields): string {
  if (sub !== undefined && named !== undefined && sub !== named) throw new BadToken('sub and agent_id differ')
  return nameOf(named ?? sub, 'The token')
}

function nameOf(agent: unknown, where: string): string {
  if (typeof agent !== 'string' || agentFault(agent) !== undefined) throw new BadToken(`${where} names no agent`)
  // The name appears in log lines and metrics.
  if (/\p{Cc}/u.test(agent)) throw new BadToken(`${where} names an agent with control characters`)
  // Names that begin with a dollar sign belong to the service itself.
  if (agent.startsWith('$')) throw new BadToken(`${where} names the service itself`)
  return agent
}

/** A token without a role gets the role with the fewest permissions. */
function roleOf(role: unknown): Role {
  if (role === undefined) return 'guest'
  const known = ROLES.find(one => one === role)
  if (known === undefined) throw new BadToken(`The role does not exist: the roles are ${ROLES.join(', ')}`)
  return known
}

function permissionsOf(given: unknown): Permissions {
  if (!isFields(given)) throw new BadToken('permissions is not an object')
  const known: readonly string[] = SCOPES
  for (const [scope, patterns] of Object.entries(given)) {
    if (!known.includes(scope)) throw new BadToken('permissions names a scope that does not exist')
    const fits = Array.isArray(patterns) && patterns.length <= LIMITS.patternsPerPermission
    if (!fits || !patterns.every(pattern => streamGlobFault(pattern) === undefined))
      throw new BadToken('A permission is not a list of patterns on stream names')
  }
  return given as Permissions
}

/** RFC 8693 nests actors: the outermost acts now, and those within acted before. */
function actors(act: unknown): string[] {
  const chain: string[] = []
  for (let link = act; link !== undefined; ) {
    const { sub, act: before } = isFields(link) ? link : ({} as Fields)
    chain.push(nameOf(sub, 'The act claim'))
    if (chain.length > LIMITS.onBehalfOfLinks) throw new BadToken('The act claim has too many links')
    link = before
  }
  return chain
}
