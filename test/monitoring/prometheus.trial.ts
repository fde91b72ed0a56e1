// A real Prometheus scrapes a real server under load, evaluates the rules and tells a real Alertmanager, which tells a receiver.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { asked, monitoring, queries } from './dashboards.js'
import { Agents } from './load.js'
import { freePort, isHere, Tool, until } from './process.js'

const TOOLS = ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool']
const missing = TOOLS.filter(name => !isHere(name))
if (missing.length > 0) process.stdout.write(`monitoring: not tried, for ${missing.join(', ')} is not here\n`)
// skip: this machine has no Prometheus, which is told above
const whereToolsAre = missing.length === 0 ? describe : describe.skip
const PATIENCE_MS = 240_000
const RUNBOOKS = 'https://example.org/runbooks'

interface Notice {
  readonly receiver: string
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved'
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }[]
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
  const place = makeTempDirectory()
  const notices: Notice[] = []
  const tools: Tool[] = []
  let server: RunningServer
  let agents: Agents
  let prometheus: string
  const receiver = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      notices.push(JSON.parse(body) as Notice)
      response.end()
    })
  })

  beforeAll(async () => {
    receiver.listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const metricsPort = await freePort()
    server = await RunningServer.start({ LIGHTHOUSE_METRICS_PORT: String(metricsPort), LIGHTHOUSE_PORT: '0' })
    agents = await Agents.start(server)
    const alertmanager = `127.0.0.1:${await freePort()}`
    const told = join(place, 'alertmanager.yml')
    writeFileSync(told, toldTo(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}`))
    const silent = ['--cluster.listen-address=', '--log.level=warn']
    const where = [`--config.file=${told}`, `--storage.path=${join(place, 'alerts')}`]
    const manager = [...where, `--web.listen-address=${alertmanager}`, ...silent]
    tools.push(await Tool.start('prometheus-alertmanager', manager, `http://${alertmanager}/-/ready`))
    const address = `127.0.0.1:${await freePort()}`
    prometheus = `http://${address}`
    const config = join(place, 'prometheus.yml')
    const rules = join(place, 'rules.yml')
    writeFileSync(rules, impatientRules())
    writeFileSync(config, scraping(`127.0.0.1:${metricsPort}`, alertmanager, rules))
    const kept = [`--config.file=${config}`, `--storage.tsdb.path=${join(place, 'series')}`]
    const args = [...kept, `--web.listen-address=${address}`, '--log.level=warn']
    tools.push(await Tool.start('prometheus', args, `${prometheus}/-/ready`))
  }, PATIENCE_MS)

  afterAll(async () => {
    await agents?.end()
    await Promise.all(tools.map(tool => tool.end()))
    await server?.end()
    receiver.closeAllConnections()
    receiver.close()
    removeTempDirectory(place)
  }, PATIENCE_MS)

  test.each(queries.map(query => [query.where, query] as const))(
    'under load there is something to be seen of «%s»',
    async (_, query) => {
      const found = await until(async () => {
        const address = `${prometheus}/api/v1/query?query=${encodeURIComponent(asked(query))}`
        const { status, error, data } = (await (await fetch(address)).json()) as Answer
        if (status !== 'success') throw new Error(`${query.expr}: ${error}`)
        return data.result.length > 0 && data.result
      })
      expect(found.length).toBeGreaterThan(0)
    },
    PATIENCE_MS,
  )

  test(
    'an operator who forces EMERGENCY is told once, with the way to the runbook, and once that it is over',
    async () => {
      const force = async (mode: string) => {
        const headers = {
          authorization: `Bearer ${await tokenOf({ sub: 'op', role: 'admin' })}`,
          'content-type': 'application/json',
        }
        const body = JSON.stringify({ mode, reason: 'a drill' })
        expect((await fetch(`${server.url}/v1/admin/mode`, { method: 'POST', headers, body })).ok).toBe(true)
      }
      const of = (status: string) =>
        notices
          .flatMap(({ alerts }) => alerts)
          .filter(({ labels, status: is }) => labels['cause'] === 'manual' && is === status)
      await force('EMERGENCY')
      const [told] = await until(async () => of('firing').length > 0 && of('firing'))
      expect(told?.annotations['runbook_url']).toBe(`${RUNBOOKS}/manual.md`)
      await force('NORMAL')
      await until(async () => of('resolved').length > 0)
      expect([of('firing').length, of('resolved').length]).toEqual([1, 1])
    },
    PATIENCE_MS,
  )

  test(
    'a server that is gone is a page',
    async () => {
      await agents.end()
      await server.kill()
      const pages = () => notices.filter(({ receiver: to }) => to === 'page').flatMap(({ alerts }) => alerts)
      await until(async () => pages().some(({ labels }) => labels['alertname'] === 'LighthouseDown'))
    },
    PATIENCE_MS,
  )
})

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
