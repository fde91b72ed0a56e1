// Pictures of what the log is: events, streams, positions, how an append is decided, and how logs part.
import { Picture, type Tone } from './picture.js'

interface Drawn {
  readonly lane: 0 | 1 | 2
  readonly revision: number
  readonly type: string
}

const LANES: readonly { readonly stream: string; readonly tone: Tone }[] = [
  { stream: 'tasks/T-17', tone: 'blue' },
  { stream: 'agent_builder-1', tone: 'purple' },
  { stream: 'tasks/T-18', tone: 'green' },
]
const EVENTS: readonly Drawn[] = [
  { lane: 0, revision: 0, type: 'opened' },
  { lane: 1, revision: 0, type: 'started' },
  { lane: 0, revision: 1, type: 'claimed' },
  { lane: 2, revision: 0, type: 'opened' },
  { lane: 1, revision: 1, type: 'noted' },
  { lane: 0, revision: 2, type: 'done' },
  { lane: 2, revision: 1, type: 'claimed' },
]

export function log(): Picture {
  const picture = new Picture(
    'log',
    'One log, many streams',
    'Seven events lie in the log one behind the other under the positions 1 to 7. Each belongs to one of three streams, in which it has a revision that begins with 0. The head is the position of the last event; the next append will get position 8.',
    346,
  )
  const x = (at: number) => 150 + at * 75
  picture.words(16, 38, 'position').words(16, 70, 'the log')
  for (const [at, { lane, type }] of EVENTS.entries())
    picture
      .words(x(at) + 34, 38, String(at + 1), 'middle')
      .box({ x: x(at), y: 52, w: 68, h: 36, tone: LANES[lane]?.tone ?? 'plain' }, type)
  picture
    .words(x(7) + 34, 38, '8', 'middle')
    .box({ x: x(7), y: 52, w: 68, h: 36, tone: 'open' }, 'next')
    .words(x(6) + 34, 126, 'the head: the last durable position', 'end')
    .arrow([x(6) + 44, 126], [x(6) + 54, 126], [x(6) + 54, 94])
  for (const [lane, { stream, tone }] of LANES.entries()) {
    const y = 164 + lane * 54
    picture.words(16, y + 18, stream).border([150, y + 18], [x(7) + 60, y + 18])
    for (const [at, drawn] of EVENTS.entries())
      if (drawn.lane === lane) picture.box({ x: x(at), y, w: 68, h: 36, tone }, String(drawn.revision))
  }
  return picture.words(150, 328, 'the number of an event in its stream is its revision')
}

export function event(): Picture {
  const column = (x: number, tone: Tone, rows: readonly (readonly [string, string])[]) => {
    for (const [at, [name, what]] of rows.entries())
      picture.box({ x, y: 56 + at * 54, w: 340, h: 46, tone }, name, what)
  }
  const picture = new Picture(
    'event',
    'What an event is made of',
    'On the left what an agent sends: type and stream, data and metadata, tags, correlation, causation and session, and when it happened. On the right what the server adds: position and revision, an id with its timestamp, the agent as its token names it, the trace of the request, and a checksum.',
    340,
  )
  picture.words(24, 32, 'an agent sends').words(396, 32, 'the server adds')
  column(24, 'blue', [
    ['type, stream', 'what happened, and to what'],
    ['data, metadata, schemaVersion', 'kept exactly as they were sent'],
    ['tags, sessionId', 'what it concerns, across streams'],
    ['correlationId, causationId, parents', 'which story it is part of, and why'],
    ['occurredAt', 'when it happened; never used for order'],
  ])
  column(396, 'green', [
    ['position, revision', 'its number in the log and in its stream'],
    ['id, timestamp', 'unique; they grow with the position'],
    ['agentId, onBehalfOf', 'who it was, as the token says'],
    ['traceparent', 'the trace of the request'],
    ['checksum', 'over all of it, checked on every read'],
  ])
  return picture
}

export function append(): Picture {
  return new Picture(
    'append',
    'An append that fails if somebody else was first',
    'Two agents have read up to position 6 and both want the task T-19. Both append under the condition that nobody has claimed it behind position 6. The server takes one after the other: the first is stored at position 7 and acknowledged when it is on disk, the second is refused with 409 CONDITION_FAILED and has written nothing.',
    316,
  )
    .box({ x: 24, y: 24, w: 170, h: 40, tone: 'blue' }, 'builder-1')
    .box({ x: 295, y: 24, w: 170, h: 40 }, 'the server')
    .box({ x: 566, y: 24, w: 170, h: 40, tone: 'purple' }, 'builder-2')
    .border([109, 64], [109, 300])
    .border([380, 64], [380, 300])
    .border([651, 64], [651, 300])
    .arrow([109, 104], [374, 104])
    .words(120, 90, 'claim T-19, if nobody has')
    .words(120, 120, 'since position 6')
    .arrow([651, 152], [386, 152])
    .words(640, 138, 'claim T-19, if nobody has', 'end')
    .words(640, 168, 'since position 6', 'end')
    .box({ x: 280, y: 184, w: 200, h: 44, tone: 'yellow' }, 'one order for all', 'decided, written, synced')
    .arrow([374, 258], [115, 258])
    .words(120, 244, '201: stored at position 7')
    .words(120, 276, 'on disk, once')
    .arrow([386, 258], [645, 258])
    .words(640, 244, '409: CONDITION_FAILED', 'end')
    .words(640, 276, 'nothing was written', 'end')
}

export function lineage(): Picture {
  return new Picture(
    'lineage',
    'Two lineages and their fork',
    'A log of lineage a has reached position 120. A backup was taken at 90. A store that was restored of it begins lineage b: it has the positions 1 to 90 in common with a, and other events behind them. A reader that knows a and stands at 80 reads on in b; one that stands at 110 is refused with LINEAGE_FORKED and told that the fork is 90.',
    290,
  )
    .words(16, 60, 'lineage a')
    .box({ x: 110, y: 40, w: 340, h: 40, tone: 'blue' }, 'positions 1 to 90')
    .box({ x: 458, y: 40, w: 190, h: 40, tone: 'purple' }, '91 to 120')
    .border([454, 20], [454, 200])
    .words(462, 100, 'the fork: 90')
    .arrow([280, 84], [280, 136])
    .words(290, 110, 'backup, restore')
    .words(16, 160, 'lineage b')
    .box({ x: 110, y: 140, w: 340, h: 40, tone: 'blue' }, 'the same 1 to 90')
    .box({ x: 458, y: 140, w: 190, h: 40, tone: 'green' }, 'others from 91 on')
    .box({ x: 110, y: 222, w: 315, h: 50, tone: 'green' }, 'a reader of a, at 80', 'reads on in b')
    .box({ x: 441, y: 222, w: 295, h: 50, tone: 'red' }, 'a reader of a, at 110', 'LINEAGE_FORKED: go back to 90')
    .dashedArrow([400, 222], [400, 186])
    .dashedArrow([570, 222], [570, 186])
}
