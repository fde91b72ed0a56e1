// A network between a service and its callers that is slow, loses packets and breaks connections; with SIGTERM it tells how often.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const { LISTEN = '8765', TARGET = 'lighthouse:8765', HOST = '0.0.0.0' } = process.env
const [targetHost, targetPort] = TARGET.split(':')
const figure = (name, otherwise) => Number(process.env[name] ?? otherwise)
const latencyMs = figure('LATENCY_MS', 20)
const jitterMs = figure('JITTER_MS', 10)
/** The share of what is sent that TCP has to send again, which its reader sees as a delay. */
const loss = figure('LOSS', 0.01)
/** The share of what is sent at which the connection ends instead, on both sides. */
const cuts = figure('CUTS', 0.001)

const RETRANSMISSION_MS = 200
/** What is on its way in one direction of one connection; beyond it the sender waits. */
const MOST_BYTES = 1 << 20

const counts = { connections: 0, lost: 0, cut: 0 }
const open = new Set()

const happens = share => Math.random() < share

function delayMs() {
  const lost = happens(loss)
  if (lost) counts.lost++
  return latencyMs + Math.random() * jitterMs + (lost ? RETRANSMISSION_MS : 0)
}

/** Everything that one side sends reaches the other in its order, later. */
async function carry(from, to) {
  const onTheWay = []
  let bytes = 0
  let due = 0
  let arrived = () => undefined
  from.on('data', chunk => {
    if (happens(cuts)) {
      counts.cut++
      from.resetAndDestroy()
      to.resetAndDestroy()
      return
    }
    due = Math.max(due, performance.now() + delayMs())
    onTheWay.push({ chunk, due })
    bytes += chunk.length
    if (bytes > MOST_BYTES) from.pause()
    arrived()
  })
  let ended = false
  for (const event of ['end', 'close']) {
    from.on(event, () => {
      ended = true
      arrived()
    })
  }
  while (!ended || onTheWay.length > 0) {
    const next = onTheWay.shift()
    if (next === undefined) {
      await new Promise(resolve => {
        arrived = resolve
      })
      continue
    }
    await pause(Math.max(0, next.due - performance.now()))
    to.write(next.chunk)
    bytes -= next.chunk.length
    if (bytes <= MOST_BYTES) from.resume()
  }
  to.end()
}

const server = createServer({ allowHalfOpen: true }, caller => {
  counts.connections++
  const service = connect({ host: targetHost, port: Number(targetPort), allowHalfOpen: true })
  for (const socket of [caller, service]) {
    socket.setNoDelay(true)
    open.add(socket)
    // Who is left finds its connection closed, as it would by the network.
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
  }
  caller.on('close', () => service.destroy())
  service.on('close', () => caller.destroy())
  for (const carried of [carry(caller, service), carry(service, caller)]) carried.catch(() => undefined)
})
server.listen(Number(LISTEN), HOST)
await once(server, 'listening')
process.stdout.write(`${JSON.stringify({ listening: server.address().port, target: TARGET, latencyMs, jitterMs, loss, cuts })}\n`)

await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
server.close()
for (const socket of open) socket.destroy()
process.stdout.write(`${JSON.stringify(counts)}\n`)
