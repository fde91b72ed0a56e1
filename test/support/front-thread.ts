// A thread of its own with a front application in it, which serves sockets until the thread is ended.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { ThisThread } from '../../src/threads/this-thread.js'
import { ThreadCalls } from '../../src/threads/thread-calls.js'
import { startFront } from './fronted-server.js'

export interface FrontThreadData {
  readonly number: number
  readonly port: MessagePort
  readonly dataDir: string
}

const { number, port, dataDir } = workerData as FrontThreadData
const { url } = await startFront(new ThisThread(number, new ThreadCalls(port)), { dataDir })
parentPort?.postMessage(url)
