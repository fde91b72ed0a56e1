// Makes the lines of a replay: progress or the state after every event, damage passed over, the last state, the end.
import type { DamagedRange } from '../contract/event-store.js'
import { endFrame } from '../wire/frames.js'
import type { Replay } from './replay.js'

export interface FrameOptions {
  /** After how many events a frame of progress is sent. */
  readonly every: number
  /** Whether the state is sent after every event, in place of progress. */
  readonly states: boolean
}

export async function* replayFrames(
  replay: Replay,
  { every, states }: FrameOptions,
): AsyncGenerator<string, void, void> {
  let told = 0
  let count = 0
  for await (const { id, position } of replay.events()) {
    for (; told < replay.damaged.length; told++) yield damagedFrame(replay.damaged[told] as DamagedRange)
    count++
    if (states) yield stateFrame({ id, position, events: replay.folded.events, state: replay.folded.state })
    else if (count % every === 0) yield progressFrame(position, replay.folded.events)
  }
  for (; told < replay.damaged.length; told++) yield damagedFrame(replay.damaged[told] as DamagedRange)
  const { state, position, events, snapshot } = replay.replayed
  yield stateFrame({ position, events, snapshot, state })
  yield endFrame(position, count)
}

function progressFrame(position: number, events: number): string {
  return `{"type":"progress","position":${position},"events":${events}}`
}

/** The state after an event has the id of that event; the last state has none. */
function stateFrame(content: object): string {
  return JSON.stringify({ type: 'state', ...content })
}

function damagedFrame({ from, to, reason }: DamagedRange): string {
  return JSON.stringify({ type: 'damaged', from, to, reason })
}
