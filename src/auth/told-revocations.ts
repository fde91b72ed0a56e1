// Revocations in front threads: the writer keeps them, and a change is answered when every thread refuses by it.
import { type ThreadCalls, ThreadQuestion } from '../threads/thread-calls.js'
import type { RevocationChange, Revocations } from './revocations.js'

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
