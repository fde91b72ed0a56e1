// Makes the answer of a replay that is not sent as lines.
import type { ReplayAnswerDto } from './replay.dto.js'
import type { Replayed } from './replay.js'

export function answerOf({ state, position, events, first, head, damaged, snapshot }: Replayed): ReplayAnswerDto {
  const ranges = damaged.map(({ from, to, reason }) => ({ from, to, reason }))
  return { state, position, events, first, head, snapshot, damaged: ranges }
}
