// Where traces and alerts go to in the bench: it takes everything, in a process of its own, and says how much came.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const came = { requests: 0, bytes: 0 }

const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    came.bytes += chunk.length
  })
  request.once('end', () => {
    came.requests++
    response.end()
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', () => process.send?.(came))
process.once('disconnect', () => process.exit())
