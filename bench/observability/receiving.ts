// The receiver as its parent has it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

export interface Came {
  readonly requests: number
  readonly bytes: number
}

export class Receiving {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(): Promise<Receiving> {
    const args = ['--import', resolve('scripts/typescript.mjs'), resolve('bench/observability/receiver.ts')]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new Receiving(child, `http://127.0.0.1:${port}`)
  }

  async came(): Promise<Came> {
    const answer = once(this.child, 'message')
    this.child.send({})
    const [came] = (await answer) as [Came]
    return came
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit')
    this.child.disconnect()
    await exit
  }
}
