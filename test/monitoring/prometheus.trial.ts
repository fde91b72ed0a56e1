// A real Prometheus scrapes a real server under load, evaluates the rules and tells a real Alertmanager, which tells a receiver.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { freePort } from '../support/free-port.js'
import { RunningServer } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'
import { asked, monitoring, type Query, queries } from './dashboards.js'
import { Agents } from './load.js'
import { isHere, Tool } from './process.js'

const TOOLS = ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool']
const missing = TOOLS.filter(name => !isHere(name))
if (missing.length > 0) process.stdout.write(`monitoring: not tried, for ${missing.join(', ')} is not here\n`)
// skip: this machine has no Prometheus, which is told above
const whereToolsAre = missing.length === 0 ? describe : describe.skip
const PATIENCE_MS = 240_000
const RUNBOOKS = 'https://example.org/runbooks'

interface Alert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface Notice {
  readonly receiver: string
  readonly alerts: readonly Alert[]
}

whereToolsAre('promtool and amtool', () => {
  test.each([
    ['promtool', ['check', 'rules', 'rules.yml']],
    ['promtool', ['check', 'config', 'prometheus.yml']],
    ['promtool', ['test', 'rules', 'rules.test.yml']],
    ['amtool', ['check-config', 'alertmanager.yml']],
  ])('%s %j is content', (command, args) => {
    expect(() => execFileSync(command, args, { cwd: monitoring, stdio: 'pipe' })).not.toThrow()
  })
})

whereToolsAre('a server that is watched', () => {
  let watch: Watch
  beforeAll(async () => {
    watch = await Watch.begin()
  }, PATIENCE_MS)
  afterAll(() => watch?.end(), PATIENCE_MS)

  test.each(queries.map(query => [query.where, query] as const))(
    'under load there is something to be seen of «%s»',
    async (_, query) => expect((await until(() => watch.answerTo(query))).length).toBeGreaterThan(0),
    PATIENCE_MS,
  )

  test(
    'an operator who forces EMERGENCY is told once, with the way to the runbook, and once that it is over',
    async () => {
      const of = (status: string) =>
        watch.alerts.filter(({ labels, status: is }) => labels['cause'] === 'manual' && is === status)
      await watch.force('EMERGENCY')
      const [told] = await until(() => of('firing').length > 0 && of('firing'))
      expect(told?.annotations['runbook_url']).toBe(`${RUNBOOKS}/manual.md`)
      await watch.force('NORMAL')
      await until(() => of('resolved').length > 0)
      expect([of('firing').length, of('resolved').length]).toEqual([1, 1])
    },
    PATIENCE_MS,
  )

  test(
    'a server that is gone is a page',
    async () => {
      await watch.killServer()
      const isPaged = ({ alertname }: Readonly<Record<string, string>>) => alertname === 'LighthouseDown'
      await until(() => watch.pages.some(({ labels }) => isPaged(labels)))
    },
    PATIENCE_MS,
  )
})

/** The server under load, and all that looks at it. */
class Watch {
  private readonly notices: Notice[] = []
  private readonly tools: Tool[] = []
  private readonly place = makeTempDirectory()
  private prometheus = ''

  private constructor(
    private readonly receiver: Server,
    private readonly server: RunningServer,
    private readonly agents: Agents,
  ) {
    receiver.on('request', (request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        this.notices.push(JSON.parse(body) as Notice)
        response.end()
      })
    })
  }

  static async begin(): Promise<Watch> {
    const receiver = createServer().listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const metricsPort = await freePort()
    const server = await RunningServer.start({ LIGHTHOUSE_METRICS_PORT: String(metricsPort), LIGHTHOUSE_PORT: '0' })
    const watch = new Watch(receiver, server, await Agents.start(server))
    const manager = await watch.startAlertmanager()
    await watch.startPrometheus(`127.0.0.1:${metricsPort}`, manager)
    return watch
  }

  get alerts(): readonly Alert[] {
    return this.notices.flatMap(({ alerts }) => alerts)
  }

  get pages(): readonly Alert[] {
    return this.notices.filter(({ receiver }) => receiver === 'page').flatMap(({ alerts }) => alerts)
  }

  async answerTo(query: Query): Promise<readonly unknown[] | false> {
    const answer = await fetch(`${this.prometheus}/api/v1/query?query=${encodeURIComponent(asked(query))}`)
    const { status, error, data } = (await answer.json()) as Answer
    if (status !== 'success') throw new Error(`${query.expr}: ${error}`)
    return data.result.length > 0 && data.result
  }

  async force(mode: string): Promise<void> {
    const answer = await this.agents.ask('POST', '/v1/admin/mode', { mode, reason: 'a drill' })
    expect(answer.ok).toBe(true)
    await answer.arrayBuffer()
  }

  async killServer(): Promise<void> {
    await this.agents.end()
    await this.server.kill()
  }

  async end(): Promise<void> {
    await this.agents.end()
    await Promise.all(this.tools.map(tool => tool.end()))
    await this.server.end()
    this.receiver.closeAllConnections()
    this.receiver.close()
    removeTempDirectory(this.place)
  }

  private async startAlertmanager(): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`
    const config = join(this.place, 'alertmanager.yml')
    writeFileSync(config, toldTo(`http://127.0.0.1:${(this.receiver.address() as AddressInfo).port}`))
    const kept = [`--config.file=${config}`, `--storage.path=${join(this.place, 'alerts')}`]
    const args = [...kept, `--web.listen-address=${address}`, '--cluster.listen-address=', '--log.level=warn']
    this.tools.push(await Tool.start('prometheus-alertmanager', args, `http://${address}/-/ready`))
    return address
  }

  private async startPrometheus(target: string, alertmanager: string): Promise<void> {
    const address = `127.0.0.1:${await freePort()}`
    const [config, rules] = [join(this.place, 'prometheus.yml'), join(this.place, 'rules.yml')]
    writeFileSync(rules, impatientRules())
    writeFileSync(config, scraping(target, alertmanager, rules))
    const kept = [`--config.file=${config}`, `--storage.tsdb.path=${join(this.place, 'series')}`]
    const args = [...kept, `--web.listen-address=${address}`, '--log.level=warn']
    this.prometheus = `http://${address}`
    this.tools.push(await Tool.start('prometheus', args, `${this.prometheus}/-/ready`))
  }
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: { readonly result: readonly unknown[] }
}

/** The routes as they are committed and as quick as a test wants them; every receiver is the one of the test. */
function toldTo(address: string): string {
  const config = parse(readFileSync(join(monitoring, 'alertmanager.yml'), 'utf8')) as {
    receivers: { name: string }[]
    route: Record<string, unknown> & { routes: Record<string, unknown>[] }
  }
  config.receivers = config.receivers.map(({ name }) => {
    return { name, webhook_configs: [{ url: address, send_resolved: true }] }
  })
  for (const route of [config.route, ...config.route.routes]) {
    route['group_wait'] = '0s'
    route['group_interval'] = '1s'
  }
  return stringify(config)
}

/** Every second instead of every quarter of a minute, and no rule waits longer than that. */
function scraping(target: string, alertmanager: string, rules: string): string {
  const config = parse(readFileSync(join(monitoring, 'prometheus.yml'), 'utf8'))
  config.global = { scrape_interval: '1s', evaluation_interval: '1s', external_labels: { runbooks: RUNBOOKS } }
  config.rule_files = [rules]
  config.alerting.alertmanagers = [{ static_configs: [{ targets: [alertmanager] }] }]
  config.scrape_configs[0].static_configs = [{ targets: [target] }]
  return stringify(config)
}

function impatientRules(): string {
  const rules = parse(readFileSync(join(monitoring, 'rules.yml'), 'utf8')) as {
    groups: { interval?: string; rules: { for?: string }[] }[]
  }
  for (const group of rules.groups) {
    delete group.interval
    for (const rule of group.rules) if (rule.for !== undefined) rule.for = '1s'
  }
  return stringify(rules)
}
