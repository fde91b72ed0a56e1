// The plain answer of a replay, and the signal that nobody waits for it any more.
import type { FastifyReply } from 'fastify'
import type { ReplayAnswerDto } from './replay.dto.js'
import type { Replayed } from './replay.js'

export function answerOf({ state, position, events, first, head, damaged, snapshot }: Replayed): ReplayAnswerDto {
  const ranges = damaged.map(({ from, to, reason }) => ({ from, to, reason }))
  return { state, position, events, first, head, snapshot, damaged: ranges }
}

/** Nobody folds for who is gone. */
export function whileOpen({ raw }: FastifyReply): AbortSignal {
  const leaving = new AbortController()
  raw.once('close', () => leaving.abort())
  return leaving.signal
}
