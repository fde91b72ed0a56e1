// The bridge of the examples, in a process of its own, and whoever asks it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { tokenOf } from '../../../test/support/running-server.js'

export class BridgeProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  static async before(lighthouse: string): Promise<BridgeProcess> {
    const token = await tokenOf({ sub: 'bridge', role: 'agent' })
    const child = spawn(process.execPath, [join(import.meta.dirname, '..', '..', 'examples', 'bridge.mjs')], {
      env: { ...process.env, LIGHTHOUSE_URL: lighthouse, LIGHTHOUSE_TOKEN: token, PORT: '0', NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    return new BridgeProcess(child, line.replace('the bridge listens at ', ''))
  }

  async ask(path: string, body?: object | string) {
    const text = typeof body === 'object' ? JSON.stringify(body) : body
    const answer = await fetch(`${this.url}${path}`, text === undefined ? undefined : { method: 'POST', body: text })
    // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what a test is about to find out.
    return [answer.status, (await answer.json()) as any] as const
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const ended = once(this.child, 'close')
    this.child.kill(signal)
    await ended
  }
}
