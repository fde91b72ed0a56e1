// The thread of a WorkerWriter: waits, writes, syncs, answers.
import fs from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { type Answer, ASKED, DONE, END } from './worker-writer.js'

interface Given {
  readonly path: string
  readonly control: Int32Array<SharedArrayBuffer>
  readonly content: SharedArrayBuffer
  readonly answer: Answer
}

const { path, control, content, answer } = workerData as Given
const bytes = Buffer.from(content)
const descriptor = fs.openSync(path, fs.constants.O_RDWR | (fs.constants.O_DSYNC ?? 0))
parentPort?.postMessage('ready')
for (let seen = 0, at = 0; ; at += bytes.length) {
  Atomics.wait(control, ASKED, seen)
  seen = Atomics.load(control, ASKED)
  if (seen === END) break
  fs.writeSync(descriptor, bytes, 0, bytes.length, at)
  Atomics.store(control, DONE, seen)
  if (answer === 'message') parentPort?.postMessage(seen)
  else Atomics.notify(control, DONE)
}
fs.closeSync(descriptor)
