// Follows what agents do, from the beginning and for as long as it lasts, and remembers how far it has come.
import { Lighthouse } from '@lighthouse/client'

const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '' } = process.env
// A function, so that a token can be replaced before it runs out, without missing anything.
const lighthouse = new Lighthouse({ url, token: async () => token })
const stream = `agent_builder-1/${Date.now().toString(36)}`

const note = n => lighthouse.append({ type: 'Noted', stream, data: { n } })
await note(1)
await note(2)

const follow = lighthouse.follow({
  streams: stream,
  after: 'start',
  // What was there has been seen: from here on everything is new.
  onCaughtUp: () => void note(3),
  onInterrupted: error => console.log(`${error.message} It goes on by itself.`),
})

for await (const event of follow) {
  console.log(`event ${event.data.n}`)
  if (event.data.n === 3) break
}

// Kept somewhere safe, it is where the next run begins: nothing is missed, nothing comes twice.
const { position } = follow
await note(4)
for await (const event of lighthouse.follow({ streams: stream, after: position })) {
  console.log(`event ${event.data.n}`)
  break
}
