// Remembers which tokens are revoked before they expire, by their `jti` or by their agent.
import { type ThreadCalls, ThreadQuestion } from '../threads/thread-calls.js'

export type RevocationKind = 'agent' | 'token'

export interface Revoked {
  readonly kind: RevocationKind
  /** The agent's id, or the `jti` of the token. */
  readonly id: string
}

export interface RevocationChange extends Revoked {
  readonly isRevoked: boolean
}

/** Resolves when the change is in force where it is told. */
type Told = (change: RevocationChange) => Promise<void>

export class Revocations {
  private readonly ids: Readonly<Record<RevocationKind, Set<string>>> = { agent: new Set(), token: new Set() }

  private readonly listeners = new Set<Told>()
  private telling: Promise<unknown> = Promise.resolve()

  get size(): number {
    return this.ids.agent.size + this.ids.token.size
  }

  add({ kind, id }: Revoked): void {
    this.ids[kind].add(id)
    this.tell({ kind, id, isRevoked: true })
  }

  has({ kind, id }: Revoked): boolean {
    return this.ids[kind].has(id)
  }

  delete({ kind, id }: Revoked): void {
    this.ids[kind].delete(id)
    this.tell({ kind, id, isRevoked: false })
  }

  /** Resolves when all changes so far are in force everywhere. */
  async inForce(): Promise<void> {
    await this.telling
  }

  /** The listener hears what is revoked by now, and each change. Returns how it leaves. */
  listen(listener: Told): () => void {
    for (const kind of ['agent', 'token'] as const)
      for (const id of this.ids[kind]) void listener({ kind, id, isRevoked: true })
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private tell(change: RevocationChange): void {
    if (this.listeners.size === 0) return
    this.telling = Promise.all([this.telling, ...[...this.listeners].map(listener => listener(change))])
  }

  covers(agentId: string, tokenId: string | undefined): boolean {
    if (this.size === 0) return false
    return this.ids.agent.has(agentId) || (tokenId !== undefined && this.ids.token.has(tokenId))
  }
}

/** The writer keeps revocations, and a change is answered when every thread refuses by it. */
const REVOCATION = new ThreadQuestion<RevocationChange, void>('a token or an agent is revoked or restored')

/** Tells a front thread of all revocations there are and come. Returns how to end that. */
export function tellRevocations(revocations: Revocations, front: ThreadCalls): () => void {
  // A thread that is gone refuses everybody.
  return revocations.listen(change => front.ask(REVOCATION, change).catch(() => undefined))
}

export function hearRevocations(revocations: Revocations, writer: ThreadCalls): void {
  writer.answer(REVOCATION, ({ isRevoked, ...revoked }) => {
    if (isRevoked) revocations.add(revoked)
    else revocations.delete(revoked)
  })
}
