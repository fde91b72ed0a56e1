// What a caller may do: the scopes of its token, as patterns on stream names. Pure.
import { compileStreams } from '../contract/filter.js'
import type { TextTest } from '../contract/glob.js'
import { LIMITS } from '../contract/limits.js'

export const SCOPES = [
  'events.read',
  'events.write',
  'events.query',
  'streams.subscribe',
  'subscriptions.manage',
  'operations.emergency',
  'admin.read',
  'admin.write',
] as const
export type Scope = (typeof SCOPES)[number]

export const ROLES = ['guest', 'agent', 'expert_agent', 'system_agent', 'admin'] as const
export type Role = (typeof ROLES)[number]

export type Permissions = Readonly<Partial<Record<Scope, readonly string[]>>>

/** The default for `own`. No two agents share a stream, because an id that has streams of its own contains no slash. */
export const OWN_STREAMS: readonly string[] = ['agent_{id}', 'agent_{id}/*', 'agent-{id}', 'agent-{id}/*']

/** `*` does not match the service's own streams, so both patterns are needed to cover everything. */
const EVERYTHING: readonly string[] = ['*', '$*']

const READERS = ['events.read', 'events.query', 'streams.subscribe'] as const
const MEMBERS = [...READERS, 'subscriptions.manage'] as const

const granting = (scopes: readonly Scope[], patterns: readonly string[]): Permissions =>
  Object.fromEntries(scopes.map(scope => [scope, patterns]))

/** The permissions of a token that has no `permissions` claim. */
export const ROLE_DEFAULTS: Readonly<Record<Role, Permissions>> = {
  guest: granting(READERS, ['public_*']),
  agent: { ...granting(MEMBERS, ['all']), 'events.write': ['own'] },
  expert_agent: { ...granting(MEMBERS, ['all']), 'events.write': ['own', 'validation_*', 'expert_*'] },
  system_agent: { ...granting(MEMBERS, EVERYTHING), 'events.write': ['all'], 'admin.read': ['all'] },
  admin: {
    ...granting(MEMBERS, EVERYTHING),
    ...granting(['events.write', 'operations.emergency', 'admin.read', 'admin.write'], ['all']),
  },
}

export interface Identity {
  readonly agentId: string
  readonly role: Role
  readonly permissions?: Permissions
  readonly onBehalfOf?: readonly string[]
}

export class Access {
  readonly agentId: string
  readonly role: Role
  readonly onBehalfOf: readonly string[] | undefined
  /** The patterns that `own` stands for; empty for an id that has no streams of its own. */
  readonly own: readonly string[]
  private readonly patterns: ReadonlyMap<string, readonly string[]>
  /** Compiled on first use, because a token may name thousands of patterns for scopes that no request needs. */
  private readonly tests = new Map<Scope, TextTest>()

  /** `own` lists the patterns that `own` in a permission is replaced by, with `{id}` for the agent's id. */
  constructor({ agentId, role, permissions, onBehalfOf }: Identity, own: readonly string[] = OWN_STREAMS) {
    this.agentId = agentId
    this.role = role
    this.onBehalfOf = onBehalfOf
    this.own = ownOf(agentId, own)
    const granted = Object.entries(permissions ?? ROLE_DEFAULTS[role])
    this.patterns = new Map(
      granted.map(([scope, patterns]) => [
        scope,
        patterns.flatMap(of => (of === 'own' ? this.own : [of === 'all' ? '*' : of])),
      ]),
    )
  }

  /** True when the scope is granted for at least one pattern. */
  has(scope: Scope): boolean {
    return this.patternsOf(scope).length > 0
  }

  covers(scope: Scope, stream: string): boolean {
    let test = this.tests.get(scope)
    if (test === undefined) {
      test = compileStreams(this.patternsOf(scope))
      this.tests.set(scope, test)
    }
    return test(stream)
  }

  /** For `within` of a store's filter; undefined when the scope covers every stream, the service's own included. */
  within(scope: Scope): readonly string[] | undefined {
    const patterns = this.patternsOf(scope)
    return EVERYTHING.every(pattern => patterns.includes(pattern)) ? undefined : patterns
  }

  /** The patterns of a scope, with `own` and `all` replaced by what they stand for; empty when it is not granted. */
  patternsOf(scope: Scope): readonly string[] {
    return this.patterns.get(scope) ?? []
  }
}

/**
 * Such ids get no streams of their own: a star would match the streams of others, a slash would lie below another
 * agent's streams, and no stream name can contain the other characters.
 */
function ownOf(agentId: string, own: readonly string[]): string[] {
  if (!/^[A-Za-z0-9_.:@-]+$/.test(agentId) || agentId.length > LIMITS.streamChars / 2) return []
  return own.map(pattern => pattern.replaceAll('{id}', agentId))
}
