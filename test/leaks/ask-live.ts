// What is asked of answers that go on: server-sent events, changes of projections, and the frames of the stream.

import { EventSourceReader } from '../support/event-source-reader.js'
import { bearerOf } from '../support/http-server-under-test.js'
import { type Heard, StreamClient } from '../support/stream-client.js'
import type { Answers } from './surfaces.js'
import type { View } from './twin.js'

/** Said when something was stored that does not match: as often as time and the head will have it. */
const OF_THE_HEAD = new Set(['checkpoint', 'heartbeat'])

async function serverSent(view: View): Promise<Answers> {
  const headers = { authorization: bearerOf(view.as) }
  const found: Answers = {}
  for (const filter of ['stream=*', 'stream=secret*', 'tag=red', 'upcast=latest']) {
    const reader = await EventSourceReader.open(`${view.url}/v1/events?${filter}`, headers).catch(String)
    if (typeof reader === 'string') return { 'a stream of server-sent events': reader }
    await reader.until('caughtUp')
    found[filter] = reader.events.filter(({ type }) => !OF_THE_HEAD.has(type)).map(({ frame }) => frame)
    reader.close()
  }
  return found
}

async function changes(view: View): Promise<Answers> {
  const headers = { authorization: bearerOf(view.as) }
  const found: Answers = {}
  for (const path of ['everything/changes', 'teams/changes', 'teams/changes?key=t1']) {
    const reader = await EventSourceReader.open(`${view.url}/v1/projections/${path}`, headers).catch(String)
    if (typeof reader === 'string') {
      found[path] = reader
      continue
    }
    await reader.until('caughtUp')
    found[path] = reader.events.map(({ frame }) => frame)
    reader.close()
  }
  return found
}

const SUBSCRIPTIONS = [
  {},
  { streams: ['secret*', 'team_*'] },
  { tags: ['red'] },
  { types: ['Closed'] },
  { streams: ['$*'] },
]

async function socket(view: View): Promise<Answers> {
  const client = await StreamClient.open(view.url, { authorization: bearerOf(view.as) })
  const heard = (id: string | undefined) =>
    client.heard.filter((frame: Heard) => frame.id === id && !OF_THE_HEAD.has(frame.type))
  const begun = SUBSCRIPTIONS.map((filter, n) => ({ type: 'subscribe', id: `s${n}`, after: 'start', filter }))
  const behind = [...view.some, ...view.someHidden].map(({ id }, n) => {
    return { type: 'subscribe', id: `b${n}`, after: id, filter: {} }
  })
  const others = [
    { type: 'consume', id: 'ops', subscription: 'ops' },
    { type: 'consume', id: 'none', subscription: 'none' },
    { type: 'ack', id: 'acked', subscription: 'ops', tokens: ['1.1'] },
    { type: 'nack', id: 'nacked', subscription: 'ops', tokens: ['1.1'], action: 'skip' },
    { type: 'unsubscribe', id: 'nothing' },
  ]
  const ids = [...begun, ...behind, ...others].map(({ id }) => id)
  const isSettled = ({ type, id }: Heard) =>
    type === 'caughtUp' || type === 'error' || type === 'closed' || (type === 'consuming' && id === 'ops')
  client.send(...begun, ...behind, ...others, { type: 'ping' })
  const missing = () => ids.filter(id => !client.heard.some((frame: Heard) => frame.id === id && isSettled(frame)))
  while (missing().length > 0 || !client.heard.some(({ type }) => type === 'heartbeat')) {
    if (client.code !== undefined) return { closed: client.code, reason: client.reason }
    await client.more()
  }
  client.send({ type: 'unsubscribe', id: 's0' })
  while (!client.heard.some(({ type, id }: Heard) => type === 'closed' && id === 's0') && missing().length === 0) {
    if (client.heard.some(({ type, id }: Heard) => type === 'error' && id === 's0')) break
    await client.more()
  }
  await client.close()
  return Object.fromEntries([undefined, ...ids].map(id => [id ?? 'of the connection', heard(id)]))
}

export const askLive = { serverSent, changes, socket }
