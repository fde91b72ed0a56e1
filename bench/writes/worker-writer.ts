// A thread that writes and syncs, told through shared memory; it answers through shared memory or by a message.
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Writer } from './writers.js'

/** How the worker says that the bytes are durable. */
export type Answer = 'atomics' | 'message'

/** Places in the shared array: the number of the write asked for, and of the one done last. */
export const ASKED = 0
export const DONE = 1
/** Asked for in place of a number, it ends the worker. */
export const END = -1

export class WorkerWriter implements Writer {
  private count = 0
  private answered: (() => void) | undefined

  private constructor(
    readonly name: string,
    private readonly worker: Worker,
    private readonly control: Int32Array<SharedArrayBuffer>,
    private readonly answer: Answer,
  ) {
    worker.on('message', () => this.answered?.())
  }

  static async open(path: string, bytes: number, answer: Answer): Promise<WorkerWriter> {
    const control = new Int32Array(new SharedArrayBuffer(8))
    const content = new SharedArrayBuffer(bytes)
    const script = fileURLToPath(new URL('worker-thread.ts', import.meta.url))
    const typescript = fileURLToPath(new URL('../../scripts/typescript.mjs', import.meta.url))
    const workerData = { path, control, content, answer }
    const worker = new Worker(script, { workerData, execArgv: ['--import', typescript] })
    await new Promise(resolve => worker.once('message', resolve))
    const name = `pre-sized, worker, answer by ${answer === 'atomics' ? 'Atomics' : 'postMessage'}`
    return new WorkerWriter(name, worker, control, answer)
  }

  readonly write = async (): Promise<void> => {
    const before = this.count++
    const message = this.answer === 'message' ? this.nextMessage() : undefined
    Atomics.store(this.control, ASKED, this.count)
    Atomics.notify(this.control, ASKED)
    if (message !== undefined) return message
    const waiting = Atomics.waitAsync(this.control, DONE, before)
    if (waiting.async) await waiting.value
  }

  readonly close = async (): Promise<void> => {
    const ended = new Promise(resolve => this.worker.once('exit', resolve))
    Atomics.store(this.control, ASKED, END)
    Atomics.notify(this.control, ASKED)
    await ended
  }

  private nextMessage(): Promise<void> {
    return new Promise(resolve => {
      this.answered = resolve
    })
  }
}
