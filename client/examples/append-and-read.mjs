// Appends events of one task, decides on what is there, and reads them back: what an agent does all day.
import { ConflictError, Lighthouse } from '@lighthouse/client'

const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '' } = process.env
const lighthouse = new Lighthouse({ url, token })
const stream = `agent_builder-1/${Date.now().toString(36)}`

// The answer comes when the event is on disk. However often it had to be tried, it is stored once.
const started = await lighthouse.append(
  { type: 'BuildStarted', stream, data: { branch: 'main' }, tags: ['ci'] },
  { expectedRevision: 'none' },
)
console.log(`started at position ${started.position}, revision ${started.revision}`)

// Another worker believes that it is first.
try {
  await lighthouse.appendTo(stream, { type: 'BuildStarted', data: {} }, { expectedRevision: 'none' })
} catch (error) {
  if (!(error instanceof ConflictError)) throw error
  console.log(`not the first: ${error.violations.map(({ stream, actual }) => `${stream} is at ${actual}`)}`)
}

// Many at once, all or none.
await lighthouse.appendTo(
  stream,
  ['test', 'build', 'sign'].map(step => ({ type: 'StepDone', data: { step }, causationId: started.id })),
  { expectedRevision: started.revision },
)

// Oldest first, at one's own pace; a connection that breaks is not noticed.
for await (const event of lighthouse.read({ streams: stream, types: 'StepDone' })) {
  console.log(`${event.revision}: ${event.data.step}`)
}

// By what is in them.
const query = lighthouse.query({
  where: {
    and: [
      { field: 'stream', op: 'eq', value: stream },
      { field: 'data.step', op: 'in', value: ['build', 'sign'] },
    ],
  },
})
for await (const { data } of query) console.log(`found ${data.step}`)
console.log(`by ${query.plan.index}, ${query.plan.scanned} scanned`)
