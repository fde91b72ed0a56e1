// Sends many appends over one connection without waiting for each answer, and loses none if it breaks.
import { Lighthouse } from '@lighthouse/client'

const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '' } = process.env
const lighthouse = new Lighthouse({ url, token })
const stream = `agent_builder-1/${Date.now().toString(36)}`

const appender = lighthouse.appender()
const answers = Array.from({ length: 500 }, (_, n) => appender.append({ type: 'Measured', stream, data: { n } }))
// Waits for what is under way, and leaves the connection.
await appender.close()

const last = await answers.at(-1)
console.log(`${answers.length} events, the last at revision ${last.revision}`)
