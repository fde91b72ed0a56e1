// Five agents at work on a server that runs: exit 1 if anything was lost or doubled. `lighthouse demo` does it on one of its own.
import { Lighthouse } from '@lighthouse/client'
import { runDemo } from '@lighthouse/client/demo'

const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '' } = process.env
const { isWell } = await runDemo(new Lighthouse({ url, token }), { say: line => console.log(line) })
if (!isWell) process.exitCode = 1
