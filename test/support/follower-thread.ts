// A thread of its own with a follower in it: appends and reads as it is told, and tells what came of it.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { openFollower } from '../../src/backends/follower/follower-store.js'
import { PortWriter } from '../../src/backends/follower/port-writer.js'

/** What the thread is told to do: append an event to the stream, or say where the stream ends. */
export type ThreadTask = { readonly append: string } | { readonly ask: string }

export interface ThreadData {
  readonly directory: string
  readonly port: MessagePort
  readonly memory: SharedArrayBuffer
}

const { directory, port, memory } = workerData as ThreadData
const follower = await openFollower(await PortWriter.connect(port, memory), { directory, verify: false })

parentPort?.on('message', async (task: ThreadTask) => {
  parentPort?.postMessage('append' in task ? await append(task.append) : await last(task.ask))
})
parentPort?.postMessage('ready')

async function append(stream: string): Promise<number> {
  const events = [{ type: 'ticked', stream, data: { stream } }]
  return (await follower.append({ events, author: { agentId: 'a1' } })).lastPosition
}

async function last(stream: string): Promise<number> {
  return (await follower.stream(stream))?.lastPosition ?? 0
}
