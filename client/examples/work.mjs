// Shares work among consumers: each task goes to one of them, again if it fails, and aside if it cannot be done.
import { Lighthouse } from '@lighthouse/client'

const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '' } = process.env
const lighthouse = new Lighthouse({ url, token })
const name = `builders-${Date.now().toString(36)}`
const stream = `agent_builder-1/${name}`

const group = lighthouse.group(name)
// The same again changes nothing, so every consumer may begin with it.
await group.define({ streams: stream, types: 'TaskOffered', after: 'start' })
await lighthouse.appendTo(
  stream,
  [1, 2, 3, 4, 5].map(n => ({ type: 'TaskOffered', data: { n } })),
)

const enough = new AbortController()
let seen = 0

await group.consume(
  async (event, { attempt }) => {
    const { n } = event.data
    if (++seen === 6) enough.abort()
    if (n === 3) throw new Error('nobody can do this')
    if (n === 4 && attempt === 1) throw new Error('not at the first try')
    // Under a key made of the task's id the result is stored once, even if the task comes twice.
    await lighthouse.append(
      { type: 'TaskDone', stream, data: { n }, causationId: event.id },
      { key: `done-${event.id}` },
    )
  },
  {
    concurrency: 2,
    signal: enough.signal,
    onFailure: (error, { event }) =>
      event.data.n === 3 ? { action: 'park', reason: error.message } : { action: 'retry', reason: error.message },
  },
)

const done = []
for await (const event of lighthouse.read({ streams: stream, types: 'TaskDone' })) done.push(event.data.n)
console.log(`done: ${done.sort().join(', ')}`)
for await (const { event, reason } of group.parked()) console.log(`parked: ${event.data.n}, ${reason}`)
await group.delete()
