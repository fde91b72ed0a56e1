// Remembers which tokens are revoked before they expire, by their `jti` or by their agent.
export type RevocationKind = 'agent' | 'token'

export interface Revoked {
  readonly kind: RevocationKind
  /** The agent's id, or the `jti` of the token. */
  readonly id: string
}

export class Revocations {
  private readonly ids: Readonly<Record<RevocationKind, Set<string>>> = { agent: new Set(), token: new Set() }

  get size(): number {
    return this.ids.agent.size + this.ids.token.size
  }

  add({ kind, id }: Revoked): void {
    this.ids[kind].add(id)
  }

  has({ kind, id }: Revoked): boolean {
    return this.ids[kind].has(id)
  }

  delete({ kind, id }: Revoked): void {
    this.ids[kind].delete(id)
  }

  covers(agentId: string, tokenId: string | undefined): boolean {
    if (this.size === 0) return false
    return this.ids.agent.has(agentId) || (tokenId !== undefined && this.ids.token.has(tokenId))
  }
}
