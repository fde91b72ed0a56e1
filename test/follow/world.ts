// The server under the checker: killed and started again on the same directory, while everybody waits for it to be back.
import { RunningServer, tokenOf } from '../support/running-server.js'
import { endFrontThread, isReplacement, threadsEnv } from '../support/several-threads.js'

const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }
const QUOTAS = { LIGHTHOUSE_QUOTAS: JSON.stringify({ system_agent: LIMITLESS }) }

export class World {
  kills = 0
  frontKills = 0
  /** Of servers that are gone. */
  readonly complaints: string[] = []
  private server: Promise<RunningServer>

  private constructor(
    first: RunningServer,
    readonly authorization: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    this.server = Promise.resolve(first)
  }

  static async begin(threads = 1): Promise<World> {
    const token = await tokenOf({ sub: 'checker', role: 'system_agent' })
    const env = { ...QUOTAS, ...threadsEnv(threads) }
    return new World(await RunningServer.start(env), `Bearer ${token}`, env)
  }

  /** Of the server that runs, or of the next one. */
  async url(): Promise<string> {
    return (await this.server).url
  }

  /** As a power cut would, but for the disk's own cache. */
  async kill(): Promise<void> {
    const server = await this.server
    const restarted = async () => {
      const child = process.kill(server.pid, 'SIGKILL') && server
      while (child.running) await new Promise(setImmediate)
      this.complain(server)
      return RunningServer.start(this.env, server.directory)
    }
    this.server = restarted()
    await this.server
    this.kills++
  }

  async killFrontThread(): Promise<void> {
    endFrontThread(await this.server)
    this.frontKills++
  }

  async end(): Promise<void> {
    const server = await this.server
    await server.stop()
    this.complain(server)
  }

  private complain({ lines }: RunningServer): void {
    this.complaints.push(...lines.filter(line => /"level":"(error|fatal)"/.test(line) && !isReplacement(line)))
  }
}
