// One way to bring a whole system up for a test: a server, a fleet of mock agents, faults between them, and Prometheus.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lighthouse } from '../../client/src/node/lighthouse.js'
import { type AgentCounts, type Comparison, Fleet, type FleetOptions } from '../../client/src/testing/testing.js'
import { CuttingProxy } from '../../client/test/support/cutting-proxy.js'
import { isHere, Tool } from '../monitoring/process.js'
import { freePort } from './free-port.js'
import { RunningServer, tokenOf } from './running-server.js'
import { type ServerInProcess, startFakeServer } from './server-on-a-disk.js'
import { makeTempDirectory, removeTempDirectory } from './temp-directory.js'

/** `embedded`: the server in this process over memory, up in moments. `processes`: the built one on a disk; it can be killed. */
export type Strategy = 'embedded' | 'processes'

export interface EnvironmentOptions extends FleetOptions {
  readonly strategy: Strategy
  /** Of the server, when it is a process. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether Prometheus watches the server, where its binary is installed. */
  readonly prometheus?: boolean
}

export interface Collected {
  readonly counts: AgentCounts
  readonly comparison: Comparison
  /** The server's own figures, in the text format of Prometheus. */
  readonly metrics: string
  readonly kills: number
}

const PLENTY = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12 }
const QUOTAS = JSON.stringify({ agent: PLENTY, expert_agent: PLENTY, system_agent: PLENTY, admin: PLENTY })
const IMPATIENT = { attempts: 50, firstDelayMs: 5, longestDelayMs: 100 }
/** The proxy cuts by itself never, only when it is told to. */
const NO_CUTS = { seed: 1, bytes: [1, 1], cuts: 0 } as const

export class IntegrationTestEnvironment {
  readonly fleet: Fleet
  private kills = 0
  private watching: { readonly tool: Tool; readonly url: string; readonly directory: string } | undefined

  private constructor(
    private server: RunningServer | ServerInProcess,
    private readonly proxy: CuttingProxy,
    private readonly options: EnvironmentOptions,
  ) {
    this.fleet = new Fleet(agentId => this.clientOf(agentId), options)
  }

  static async setUp(options: EnvironmentOptions): Promise<IntegrationTestEnvironment> {
    const server =
      options.strategy === 'embedded'
        ? await startFakeServer()
        : await RunningServer.start({ LIGHTHOUSE_QUOTAS: QUOTAS, ...options.env })
    const environment = new IntegrationTestEnvironment(server, await CuttingProxy.before(server.url, NO_CUTS), options)
    if (options.prometheus === true && isHere('prometheus')) await environment.watch()
    return environment
  }

  /** The address of the server, the same before and after a kill; what goes there can be cut. */
  get url(): string {
    return this.proxy.url
  }

  /** Of Prometheus; undefined where it does not run. */
  get prometheusUrl(): string | undefined {
    return this.watching?.url
  }

  /** A client of an agent, in the role that the streams of the generated events ask of it. */
  clientOf(agentId: string, role = /^(validator|expert)-/.test(agentId) ? 'expert_agent' : 'agent'): Lighthouse {
    return new Lighthouse({ url: this.url, token: () => tokenOf({ sub: agentId, role }), retry: IMPATIENT })
  }

  /** Ends the server in the middle of whatever it does, and starts it anew on the same directory. */
  async kill(): Promise<void> {
    if (!(this.server instanceof RunningServer)) throw new TypeError('only a server that is a process can be killed')
    await this.server.kill()
    this.kills++
    this.server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: QUOTAS, ...this.options.env }, this.server.directory)
    this.proxy.lead(this.server.url)
  }

  /** Ends every connection to the server. */
  cut(): void {
    this.proxy.cutAll()
  }

  /** What the agents counted, and how it compares with all events that the store has. */
  async collect(): Promise<Collected> {
    const operator = this.clientOf('operator', 'admin')
    const comparison = await this.fleet.ledger.compare(operator.read())
    const metrics = await (await fetch(`${this.url}/metrics`)).text()
    return { counts: this.fleet.counts, comparison, metrics, kills: this.kills }
  }

  /** Everything it has started is ended, and what it has written is removed. */
  async tearDown(): Promise<void> {
    await this.watching?.tool.end()
    if (this.watching !== undefined) removeTempDirectory(this.watching.directory)
    await this.proxy.stop()
    await this.server.stop()
  }

  private async watch(): Promise<void> {
    const directory = makeTempDirectory()
    const address = `127.0.0.1:${await freePort()}`
    const config = join(directory, 'prometheus.yml')
    const target = new URL(this.url).host
    writeFileSync(
      config,
      `global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: lighthouse\n    static_configs: [{targets: ['${target}']}]\n`,
    )
    const kept = [`--config.file=${config}`, `--storage.tsdb.path=${join(directory, 'series')}`]
    const args = [...kept, `--web.listen-address=${address}`, '--log.level=warn']
    const url = `http://${address}`
    this.watching = { tool: await Tool.start('prometheus', args, `${url}/-/ready`), url, directory }
  }
}
