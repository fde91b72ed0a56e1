// What a caller may do: the scopes of a token, as patterns on stream names. Pure.
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

/** What `own` stands for unless an operator says otherwise: no two agents share a stream, for no id has a slash. */
export const OWN_STREAMS: readonly string[] = ['agent_{id}', 'agent_{id}/*', 'agent-{id}', 'agent-{id}/*']

/** Everything there is, the service's own streams included. */
const EVERYTHING: readonly string[] = ['*', '$*']

const READERS = ['events.read', 'events.query', 'streams.subscribe'] as const
const MEMBERS = [...READERS, 'subscriptions.manage'] as const

const granting = (scopes: readonly Scope[], patterns: readonly string[]): Permissions =>
  Object.fromEntries(scopes.map(scope => [scope, patterns]))

/** What a token without `permissions` may do. */
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
  private readonly patterns: ReadonlyMap<string, readonly string[]>
  /** Of the scopes that have been asked about: a token may name thousands of patterns that nobody asks for. */
  private readonly tests = new Map<Scope, TextTest>()

  /** `own`: what stands for the agent's own streams, with `{id}` for its id. */
  constructor({ agentId, role, permissions, onBehalfOf }: Identity, own: readonly string[] = OWN_STREAMS) {
    this.agentId = agentId
    this.role = role
    this.onBehalfOf = onBehalfOf
    const granted = Object.entries(permissions ?? ROLE_DEFAULTS[role])
    this.patterns = new Map(
      granted.map(([scope, patterns]) => [
        scope,
        patterns.flatMap(of => (of === 'own' ? ownOf(agentId, own) : [of === 'all' ? '*' : of])),
      ]),
    )
  }

  /** Whether the scope is granted for anything at all. */
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

  /** For the store's `within`; undefined when the scope covers every stream, the service's own included. */
  within(scope: Scope): readonly string[] | undefined {
    const patterns = this.patternsOf(scope)
    return EVERYTHING.every(pattern => patterns.includes(pattern)) ? undefined : patterns
  }

  private patternsOf(scope: Scope): readonly string[] {
    return this.patterns.get(scope) ?? []
  }
}

/** An id with a star would own what matches it, one with a slash what lies below another's, and no stream can have a name with the rest. */
function ownOf(agentId: string, own: readonly string[]): string[] {
  if (!/^[A-Za-z0-9_.:@-]+$/.test(agentId) || agentId.length > LIMITS.streamChars / 2) return []
  return own.map(pattern => pattern.replaceAll('{id}', agentId))
}
