// What the server is told about tokens and about how much each role may ask.
import type { WorkLimits } from '../contract/work-limits.js'
import type { Role } from './access.js'
import type { Quota } from './quotas.js'

export type Algorithm = 'HS256' | 'RS256' | 'ES256'

export interface AuthOptions {
  readonly algorithms: readonly Algorithm[]
  /** For HS256. */
  readonly secret?: string
  /** For RS256 or ES256: one key, or the address of a set of keys that rotate. */
  readonly publicKeyPem?: string
  readonly jwksUrl?: string
  /** Checked when given. */
  readonly issuer?: string
  readonly audience?: string
  /** What `own` stands for, with `{id}` for the agent's id; as Access has it when left out. */
  readonly own?: readonly string[]
  readonly leewaySeconds: number
  readonly quotas: Readonly<Record<Role, Quota>>
  /** The defaults when left out. */
  readonly workLimits?: WorkLimits
}
