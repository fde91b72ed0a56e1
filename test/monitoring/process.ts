// A tool in a process of its own, which is waited for by asking it and ended with its test.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { until } from '../support/until.js'

export const isHere = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

export class Tool {
  private said = ''
  private readonly over: Promise<unknown>

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said = (this.said + text).slice(-20_000)
      })
    this.over = once(child, 'close')
  }

  /** Resolves once the address answers; rejects when the process ends before, with what it has said. */
  static async start(command: string, args: readonly string[], ready: string): Promise<Tool> {
    const tool = new Tool(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }))
    await until(async () => {
      if (tool.child.exitCode !== null) throw new Error(`${command} ended with ${tool.child.exitCode}:\n${tool.said}`)
      return await fetch(ready).then(
        ({ ok }) => ok,
        () => false,
      )
    })
    return tool
  }

  async end(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.over
  }
}
