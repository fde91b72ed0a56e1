// Holds a conversation of frames as a page shows it: sends what stands behind →, and waits for what stands behind ←.
import { readFileSync } from 'node:fs'

const [address, token, file] = process.argv.slice(2)
const lines = readFileSync(file, 'utf8')
  .split('\n')
  .filter(line => line !== '')
const came = []
let heard = () => undefined

const socket = new WebSocket(address)
socket.addEventListener('message', ({ data }) => {
  came.push(JSON.parse(data))
  heard()
})
socket.addEventListener('close', ({ code, reason }) => fail(`closed with ${code} ${reason}`))
await new Promise((opened, failed) => {
  socket.addEventListener('open', opened)
  socket.addEventListener('error', failed)
})

for (const line of lines) {
  const [arrow] = line
  // What stands behind the frame is for the reader.
  const text = line.slice(1, line.lastIndexOf('}') + 1).trim()
  const type = /"type":"(\w+)"/.exec(text)?.[1]
  if (arrow === '→') socket.send(text.replace('eyJ…', token))
  else if (arrow === '←') await next(type)
  else fail(`says neither → nor ←: ${line}`)
}
process.exit(0)

/** What comes in between is passed over: a page shows what it is about. */
async function next(type) {
  for (;;) {
    const at = came.findIndex(frame => frame.type === type || frame.type === 'error' || frame.type === 'goaway')
    if (at === -1) {
      await new Promise(again => {
        heard = again
      })
      continue
    }
    const [frame] = came.splice(0, at + 1).slice(-1)
    process.stdout.write(`${JSON.stringify(frame)}\n`)
    return frame.type === type || fail(`instead of ${type}`)
  }
}

function fail(why) {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}
