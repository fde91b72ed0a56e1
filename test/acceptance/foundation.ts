// The whole way of event sourcing on one store: events in, states out, at every moment and again after a kill, always the same bytes.
import { deepStrictEqual, strictEqual } from 'node:assert'
import type { RecordedEvent } from '../../client/src/lighthouse.js'
import { RunningServer } from '../support/running-server.js'
import { Operator } from './operator.js'
import { OWNERS, OWNERS_PROJECTION, Owners, textOf } from './owners.js'
import { type Scale, Steps, storeOf, type Tell } from './steps.js'

/** How many moments of the past are compared, the head beside them: on a small store fewer. */
const MOMENTS = { whole: 4, small: 2 }
const APPENDED = 1_000
const BATCH = 50
const TASKS = 'acceptance/tasks'

export async function eventSourcingFoundation(scale: Scale, tell: Tell): Promise<void> {
  const steps = new Steps('test_event_sourcing_foundation', tell)
  let server = await RunningServer.start({}, storeOf(scale))
  try {
    let operator = new Operator(server)
    await operator.answerOf(`/v1/projections/${OWNERS}`, OWNERS_PROJECTION, 'PUT')
    await steps.timed('a story is appended, each part once and where it belongs', () => appendStory(operator))
    const head = await operator.client().head()
    const past = scale.isWhole ? MOMENTS.whole : MOMENTS.small
    const moments = Array.from({ length: past }, (_, n) => Math.floor((head * (n + 1)) / (past + 1))).concat(head)

    // Of ten million events all are read; of fewer those that the fold is about, which takes a third of the time.
    const asked = scale.isWhole ? {} : { types: OWNERS_PROJECTION.filter.types }
    const simple = await steps.timed('folded by the simplest code there could be', () =>
      simplest(operator.client().read({ ...asked, before: head + 1 }), moments),
    )
    await steps.timed('the states of the server are the same, at each moment', () =>
      comparedWith(simple, async at => operator.answerOf('/v1/replay', { projection: OWNERS, at, snapshots: false })),
    )
    const bytes = await steps.timed('every way to a state leads to the same bytes', () => everyWay(operator, moments))
    await server.kill()
    server = await RunningServer.start({}, storeOf(scale))
    operator = new Operator(server)
    await steps.timed('after kill -9 the states are what they were', async () => {
      deepStrictEqual(await everyWay(operator, moments), bytes)
      await comparedWith(simple, at => operator.answerOf(`/v1/projections/${OWNERS}/state?at=${at}`))
    })
  } finally {
    await server.end()
  }
}

/** Under keys, and each only where its stream has got to; what is sent twice is stored once. */
async function appendStory(operator: Operator): Promise<void> {
  const lighthouse = operator.client()
  const begun = (await lighthouse.stream(TASKS))?.revision
  const key = Date.now()
  for (let n = 0; n < APPENDED; n += BATCH) {
    const events = Array.from({ length: BATCH }, (_, i) => ({
      type: 'state.merged',
      stream: TASKS,
      data: { owner: `owner-${(n + i) % 7}`, status: 'done', progress: 0.1, entity: `task-${n + i}` },
    }))
    const expectedRevision = begun === undefined && n === 0 ? 'none' : (begun ?? -1) + n
    const options = { key: `acceptance/${key}/${n}`, expectations: [{ stream: TASKS, expectedRevision }] } as const
    const stored = await lighthouse.append(events, options)
    deepStrictEqual({ ...(await lighthouse.append(events, options)), duplicate: false }, stored)
  }
  strictEqual((await lighthouse.stream(TASKS))?.revision, (begun ?? -1) + APPENDED)
}

/** The text of the state at each moment, which are in order. */
async function simplest(
  events: AsyncIterable<RecordedEvent>,
  moments: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const owners = new Owners()
  const texts = new Map<number, string>()
  const left = [...moments]
  for await (const event of events) {
    while (left[0] !== undefined && left[0] < event.position) texts.set(left.shift() as number, owners.text)
    owners.add(event)
  }
  for (const moment of left) texts.set(moment, owners.text)
  return texts
}

async function comparedWith(
  simple: ReadonlyMap<number, string>,
  stateAt: (position: number) => Promise<{ readonly state: unknown }>,
): Promise<void> {
  for (const [position, text] of simple) strictEqual(textOf((await stateAt(position)).state), text, `at ${position}`)
}

/** In one go, in pieces, as a stream of frames, from memory, from a snapshot: the one text that all of them give. */
async function everyWay(operator: Operator, moments: readonly number[]): Promise<string> {
  const head = moments.at(-1) as number
  const whole = await operator.answerOf('/v1/replay', { projection: OWNERS, at: head, snapshots: false })
  const text = JSON.stringify(whole.state)
  const mustBeIt = (way: string, state: unknown) => strictEqual(JSON.stringify(state), text, way)

  let piece: { readonly state?: unknown; readonly position: number; readonly events: number } = {
    position: 0,
    events: 0,
  }
  for (const at of moments) {
    const { state, events } = piece
    const going = state === undefined ? {} : { after: piece.position, initial: { state, events } }
    piece = await operator.answerOf('/v1/replay', { projection: OWNERS, at, snapshots: false, ...going })
  }
  mustBeIt('in pieces', piece.state)
  strictEqual(piece.events, whole.events)

  await operator.answerOf('/v1/snapshots', { projection: OWNERS })
  const resumed = await operator.answerOf('/v1/replay', { projection: OWNERS, at: head })
  mustBeIt('from a snapshot', resumed.state)
  return text
}
