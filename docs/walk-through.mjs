#!/usr/bin/env node
// A walk through the API, as an agent meets it: start a server with `npm start`, then run `node docs/walk-through.mjs`.
// LIGHTHOUSE_URL names another server; LIGHTHOUSE_BUILDER_TOKEN (role agent) and LIGHTHOUSE_LOADER_TOKEN (role
// system_agent) are tokens it takes. Without them they are made with `npx lighthouse token`, as a developer would.
// LIGHTHOUSE_WALK_EVENTS says how many events it appends at length; they stay in the store.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const server = process.env.LIGHTHOUSE_URL ?? 'http://127.0.0.1:8765'
const lighthouse = fileURLToPath(new URL('../bin/lighthouse.mjs', import.meta.url))
const many = Number(process.env.LIGHTHOUSE_WALK_EVENTS ?? 2_000)
const run = Date.now().toString(36)

const token = (agent, role) =>
  execFileSync(process.execPath, [lighthouse, 'token', '--agent', agent, '--role', role], { encoding: 'utf8' }).trim()

/** One request as an agent; the answer's body is read and, if it is JSON, parsed. */
const as = bearer => async (method, path, body, headers = {}) => {
  const answer = await fetch(server + path, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const json = /^application\/(problem\+)?json/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text }
}

const step = what => console.log(`- ${what}`)

// 1. A token says who is calling. An agent writes to its own streams and reads everything but the service's own.
const builder = as(process.env.LIGHTHOUSE_BUILDER_TOKEN ?? token('builder-1', 'agent'))
const stream = `agent_builder-1/${run}`
step('a token for builder-1')

// 2. Append. The answer comes when the event is on disk.
const started = { type: 'BuildStarted', stream, data: { branch: 'main', steps: ['test', 'build'] }, tags: ['ci'] }
const first = await builder('POST', '/v1/events', { ...started, expectedRevision: 'none' })
assert.equal(first.status, 201)
assert.equal(first.body.revision, 0)
step(`appended ${first.body.id} at position ${first.body.position}`)

// 3. Conflict. Another worker believes that it is first.
const conflict = await builder('POST', '/v1/events', { ...started, expectedRevision: 'none' })
assert.equal(conflict.status, 409)
assert.equal(conflict.body.code, 'REVISION_CONFLICT')
const { actual } = conflict.body.violations[0]
step(`a conflict: ${conflict.body.detail}`)

// 4. Retry at the actual revision, under a key, so that sending it twice stores it once.
const finished = { type: 'BuildFinished', stream, data: { ok: true }, causationId: first.body.id, expectedRevision: actual }
const key = { 'idempotency-key': `finish-${run}` }
const once = await builder('POST', '/v1/events', finished, key)
const twice = await builder('POST', '/v1/events', finished, key)
assert.deepEqual([once.status, twice.status, twice.body.duplicate], [201, 200, true])
assert.equal(twice.body.id, once.body.id)
step('stored once, though sent twice')

// 5. Query by what is in the events.
const query = await builder('POST', '/v1/events/query', {
  where: {
    and: [
      { field: 'stream', op: 'eq', value: stream },
      { field: 'data.ok', op: 'eq', value: true },
    ],
  },
})
assert.equal(query.status, 200)
assert.deepEqual(query.body.events.map(event => event.id), [once.body.id])
step(`found it with ${JSON.stringify(query.body.plan)}`)

// 6. Many events, in batches, by an agent that may send them.
const loader = as(process.env.LIGHTHOUSE_LOADER_TOKEN ?? token('loader', 'system_agent'))
const load = `load_${run}`
for (let sent = 0; sent < many; ) {
  const count = Math.min(1_000, many - sent)
  const events = Array.from({ length: count }, (_, at) => ({ type: 'Sample', stream: load, data: { number: sent + at } }))
  const batch = await loader('POST', '/v1/events/batch', { events })
  assert.equal(batch.status, 201, JSON.stringify(batch.body))
  sent += count
}
step(`${many} events in batches of 1,000`)

// 7. Page through them, following the cursor.
let seen = 0
for (let cursor; ; ) {
  const more = cursor === undefined ? '' : `&cursor=${cursor}`
  const page = await loader('GET', `/v1/events?stream=${load}&limit=10000${more}`)
  assert.equal(page.status, 200, JSON.stringify(page.body))
  for (const event of page.body.events) assert.equal(event.data.number, seen++)
  cursor = page.body.next
  if (cursor === null || cursor === undefined) break
}
assert.equal(seen, many)
step(`${seen} events in pages, none missed, none twice`)

// 8. The same as one stream of lines. It ends with a frame that says so.
const lines = await loader('GET', `/v1/events?stream=${load}`, undefined, { accept: 'application/x-ndjson' })
const frames = lines.body.trim().split('\n')
const last = JSON.parse(frames.at(-1))
assert.deepEqual([last.type, last.count, frames.length], ['end', many, many + 1])
step(`${last.count} events as NDJSON`)

// 9. A stream that is not the agent's own.
const forbidden = await builder('POST', '/v1/events', { type: 'Note', stream: 'agent_other', data: {} })
assert.equal(forbidden.status, 403)
step(`refused: ${forbidden.body.detail}`)
