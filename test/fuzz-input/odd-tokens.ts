// Tokens signed with the server's own secret whose claims are as odd as an identity provider could make them.
import { createHmac } from 'node:crypto'
import { ROLES, SCOPES } from '../../src/auth/access.js'
import { LIMITS } from '../../src/contract/limits.js'
import { TEST_SECRET } from '../support/running-server.js'
import type { Odd } from './odd.js'

type Claims = Record<string, unknown>

export function signed(claims: Claims, header: Claims = { alg: 'HS256' }): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${createHmac('sha256', TEST_SECRET).update(text).digest('base64url')}`
}

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600

export function goodToken(agent = 'fuzz', role = 'admin'): string {
  return signed({ sub: agent, role, exp: inAnHour() })
}

/** As many characters as an agent's name may have, each of several bytes. */
const WIDE_NAMES = ['€', '😀', 'é'].map(letter => letter.repeat(LIMITS.agentChars / letter.length))

export function oddToken(odd: Odd): string {
  const { random } = odd
  const claims: Claims = { sub: 'odd', role: random.pick(ROLES), exp: inAnHour() }
  const changes: readonly (() => void)[] = [
    () => Object.assign(claims, { exp: odd.number() }),
    () => Object.assign(claims, { exp: random.pick([Number.MAX_SAFE_INTEGER, 1e308, 9e12, 8.64e12, 253_402_300_800]) }),
    () =>
      Object.assign(claims, { [random.pick(['exp', 'nbf', 'iat', 'aud', 'iss', 'jti', 'role', 'sub'])]: odd.value(1) }),
    () => Object.assign(claims, { sub: random.chance(0.5) ? random.pick(WIDE_NAMES) : odd.text() }),
    () => Object.assign(claims, { agent_id: odd.text(), ...(random.chance(0.5) ? { sub: undefined } : {}) }),
    () => Object.assign(claims, { act: chain(odd, random.pick([1, 7, 8, 9, 64, 400])) }),
    () => Object.assign(claims, { permissions: permissions(odd) }),
    () => Object.assign(claims, { permissions: odd.value() }),
    () => Object.assign(claims, odd.object()),
  ]
  for (let n = random.between(1, 2); n > 0; n--) random.pick(changes)()
  const token = signed(claims, random.chance(0.05) ? { alg: 'HS256', ...odd.object(1) } : undefined)
  return random.chance(0.03)
    ? odd
        .spoilt(Buffer.from(token))
        .toString('latin1')
        .replace(/[^ -~]/g, '.')
    : token
}

function chain(odd: Odd, links: number): unknown {
  let act: unknown = { sub: odd.text(20) }
  for (let n = 1; n < links; n++) act = { sub: odd.random.chance(0.9) ? 'agent' : odd.text(), act }
  return act
}

function permissions(odd: Odd): unknown {
  const { random } = odd
  const patterns = () => {
    const count = random.pick([0, 1, 2, 100, LIMITS.patternsPerPermission, LIMITS.patternsPerPermission + 1])
    return Array.from({ length: count }, () => random.pick(['own', 'all', '*', 'a*b*c', '$security', odd.text(20)]))
  }
  return Object.fromEntries(SCOPES.filter(() => random.chance(0.5)).map(scope => [scope, patterns()]))
}
