// What the compiler lets a user of the client write, and what it does not; `npm run types` holds it.
import { WebSocket as WsWebSocket } from 'ws'
import {
  type Appended,
  type AppendedBatch,
  type AppendOptions,
  isIndeterminate,
  type JsonValue,
  Lighthouse,
  type NewEvent,
  type RecordedEvent,
} from '../src/lighthouse.js'

interface Task {
  readonly task: string
}
type TaskEvent =
  | { readonly type: 'TaskClaimed'; readonly data: Task }
  | { readonly type: 'TaskDone'; readonly data: Task & { readonly green: boolean } }

export async function appends(lighthouse: Lighthouse, task: Task, events: readonly NewEvent[]): Promise<void> {
  const one: Appended = await lighthouse.append({ type: 'TaskClaimed', stream: 's', data: task })
  const many: AppendedBatch = await lighthouse.append(events, { expectations: [{ stream: 's', expectedRevision: 3 }] })
  const placed: Appended = await lighthouse.appendTo('s', { type: 'T', data: {} }, { expectedRevision: one.revision })
  await lighthouse.appendTo('s', [{ type: 'T', data: {} }], { expectedRevision: many.events[0]?.revision ?? 'none' })
  const known: NewEvent<TaskEvent> = { type: 'TaskDone', stream: 's', data: { task: placed.id, green: true } }
  await lighthouse.append(known, { key: 'k', signal: AbortSignal.timeout(1), context: { correlationId: 'c' } })
  // @ts-expect-error: data of another type
  const wrong: NewEvent<TaskEvent> = { type: 'TaskDone', stream: 's', data: { task: 'T' } }
  // @ts-expect-error: an expected revision is a number or one of three words
  const options: AppendOptions = { expectedRevision: 'latest' }
  // @ts-expect-error: events of many streams have expectations, one for each
  await lighthouse.append([wrong], options satisfies { expectedRevision: 'any' })
  // @ts-expect-error: on its stream's own verb an event does not name it
  await lighthouse.appendTo('s', { type: 'T', stream: 's', data: {} })
  // @ts-expect-error: data is an object
  await lighthouse.append({ type: 'T', stream: 's', data: 'text' })
}

export async function reads(lighthouse: Lighthouse): Promise<JsonValue | undefined> {
  for await (const event of lighthouse.read<TaskEvent>({ types: ['TaskClaimed', 'TaskDone'], since: new Date() })) {
    if (event.type === 'TaskDone') event.data.green satisfies boolean
    // @ts-expect-error: only one of the two has it
    event.data.green
  }
  for await (const event of lighthouse.follow<TaskEvent>({ after: 'start', streams: 's' })) {
    const typed: RecordedEvent<TaskEvent> = event
    if (typed.type === 'TaskClaimed') return typed.data.task
  }
  // @ts-expect-error: a follow has no end
  lighthouse.follow({ before: 7 })
  // @ts-expect-error: greater than a list is nothing
  lighthouse.query({ where: { field: 'data.n', op: 'gt', value: [1] } })
  const rows = lighthouse.query({ where: { not: { field: 'data.n', op: 'in', value: [1, 'a'] } }, select: ['data.n'] })
  for await (const row of rows) return row['data.n']
  const event = await lighthouse.event('id')
  // @ts-expect-error: there may be none
  event.data
  return event?.data['any']
}

export function platforms(error: unknown): string {
  new Lighthouse({ url: 'http://a', token: 't', WebSocket: globalThis.WebSocket, fetch: globalThis.fetch })
  new Lighthouse({ url: new URL('http://a'), token: async () => 't', WebSocket: WsWebSocket, retry: false })
  return isIndeterminate(error) ? error.key : ''
}
