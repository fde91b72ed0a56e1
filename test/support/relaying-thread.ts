// A thread of its own with an HTTP server in it that hands every request over to the writer.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { RequestRelay } from '../../src/server/relay/request-relay.js'
import { ThreadCalls } from '../../src/threads/thread-calls.js'

const relay = await RequestRelay.connect(new ThreadCalls((workerData as { readonly port: MessagePort }).port))
const server = createServer((request, response) => {
  relay.relay({ request, response, refuse: error => response.destroy(error) })
})
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))
