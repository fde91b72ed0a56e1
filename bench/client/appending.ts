// A process that appends with one built client, and says what that took: asked by its parent, again and again.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import type { Way } from './ways.js'

export interface Target {
  readonly url: string
  readonly token: string
}

export interface Work {
  readonly way: Way
  readonly seconds: number
}

export interface Took {
  readonly appends: number
  /** Of all threads of the process, from the first append to the last answer. */
  readonly cpuMicros: number
  readonly took: number
}

export class Appending {
  /** Rejects when the process ends before it is stopped. */
  private readonly gone: Promise<never>

  private constructor(private readonly child: ChildProcess) {
    this.gone = once(child, 'exit').then(([code]) => {
      throw new Error(`the process that appends ended with ${code}`)
    })
    this.gone.catch(() => undefined)
  }

  /** `folder` is that of a checkout, or of anything else that has a built client in dist/client. */
  static async start(folder: string, { url, token }: Target): Promise<Appending> {
    const built = join(folder, 'dist', 'client', 'node', 'lighthouse.js')
    const execArgv = ['--import', resolve('scripts/typescript.mjs')]
    const child = fork(resolve('bench/client/append.ts'), [built], {
      execArgv,
      env: { ...process.env, BENCH_URL: url, BENCH_TOKEN: token },
    })
    process.once('exit', () => child.kill('SIGKILL'))
    await once(child, 'message')
    return new Appending(child)
  }

  async append(way: Way, seconds: number): Promise<Took> {
    const answer = Promise.withResolvers<Took>()
    this.child.once('message', took => answer.resolve(took as Took))
    this.child.send({ way, seconds } satisfies Work)
    return Promise.race([answer.promise, this.gone])
  }

  stop(): void {
    this.child.kill('SIGKILL')
  }
}
