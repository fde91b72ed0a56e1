// What stands in k8s/monitoring agrees with the metrics, the causes of trouble and the runbooks.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { severityOf } from '../../src/alerting/route.js'
import { CAUSES, type Cause } from '../../src/signals/signals.js'
import { dashboards, monitoring, queries } from './dashboards.js'

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const docs = resolve('docs')
const read = (name: string) => parse(readFileSync(join(monitoring, name), 'utf8'), { strict: true })
const rules: readonly Rule[] = read('rules.yml').groups.flatMap((group: { rules: Rule[] }) => group.rules)
const alerts = rules.filter(({ alert }) => alert !== undefined)
const runbooks = globSync('*.md', { cwd: join(docs, 'runbooks') }).filter(name => name !== 'README.md')

const known = new Set(
  [...readFileSync(join(docs, 'METRICS.md'), 'utf8').matchAll(/^\| `(lighthouse_\w+)`/gm)].map(([, name]) => name),
)
const namesIn = (expr: string) =>
  (expr.match(/\blighthouse_\w+/g) ?? []).map(name => name.replace(/_(bucket|count|sum)$/, ''))

test('rules and dashboards ask for metrics that there are', () => {
  const asked = [...rules.map(({ alert, record, expr }) => ({ where: alert ?? record ?? '', expr })), ...queries]
  const unknown = asked.flatMap(({ where, expr }) =>
    namesIn(expr)
      .filter(name => !known.has(name))
      .map(name => `${where} asks for ${name}`),
  )
  expect(unknown).toEqual([])
})

test('every cause of trouble has an alert, and each of its levels has one severity', () => {
  const told = new Set(alerts.map(({ labels }) => labels?.['cause']))
  expect(Object.keys(CAUSES).filter(cause => !told.has(cause))).toEqual([])
  for (const { labels } of alerts) expect(labels?.['severity']).toMatch(/^(P[1-4]|none)$/)
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
})

test('an alert of Prometheus is as severe as that of the server', () => {
  const other = alerts.flatMap(({ alert, expr, labels }) => {
    const [, cause, level] = /^lighthouse_signal\{cause="(\w+)"\} == ([12])$/.exec(expr) ?? []
    if (cause === undefined) return []
    const severity = severityOf(cause as Cause, level === '1' ? 'warning' : 'critical')
    return labels?.['severity'] === severity
      ? []
      : [`${alert} is ${labels?.['severity']}, and the server says ${severity}`]
  })
  expect(other).toEqual([])
})

test('every alert leads to a runbook that there is, and every runbook is led to', () => {
  const pages = alerts.map(
    ({ annotations }) =>
      /^\{\{ \$externalLabels\.runbooks \}\}\/([\w-]+\.md)$/.exec(annotations?.['runbook_url'] ?? '')?.[1] ?? '',
  )
  expect(pages.filter(page => page === '' || !existsSync(join(docs, 'runbooks', page)))).toEqual([])
  expect(runbooks.filter(page => !pages.includes(page))).toEqual([])
  const index = readFileSync(join(docs, 'runbooks', 'README.md'), 'utf8')
  expect(runbooks.filter(page => !index.includes(`(${page})`))).toEqual([])
  expect(runbooks.length).toBeGreaterThanOrEqual(12)
})

test.each(runbooks)('%s says what to look at, what to do, and how to know that it is over', page => {
  const text = readFileSync(join(docs, 'runbooks', page), 'utf8')
  expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
    'What to look at',
    'What to do',
    'How to know that it is over',
  ])
  expect(text).toMatch(/^# .+\n\nCause: /)
  expect(text).toContain('```sh')
})

test('every link of a runbook leads to a page', () => {
  const broken = runbooks.flatMap(page =>
    [...readFileSync(join(docs, 'runbooks', page), 'utf8').matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)]
      .map(([, target]) => join(docs, 'runbooks', target as string))
      .filter(target => !existsSync(target)),
  )
  expect(broken).toEqual([])
})

test('each dashboard has a name of its own, and each of its panels a title and a query', () => {
  expect(dashboards.map(({ name, uid }) => [name, uid])).toEqual(
    dashboards.map(({ name }) => [name, `lighthouse-${name}`]),
  )
  for (const { panels } of dashboards) {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { type, title, targets = [] } of panels) {
      expect(title).not.toBe('')
      if (type !== 'row') expect(targets.length).toBeGreaterThan(0)
    }
  }
})

test('what compose mounts beside the server is there', () => {
  const { services } = parse(readFileSync(resolve('docker', 'compose.yml'), 'utf8'), { strict: true }) as {
    services: Readonly<Record<string, { volumes: readonly string[]; profiles?: readonly string[] }>>
  }
  const beside = Object.entries(services).filter(([name]) => name !== 'lighthouse')
  expect(beside.map(([name]) => name)).toEqual(['prometheus', 'alertmanager', 'grafana'])
  for (const [, { profiles }] of beside) expect(profiles).toEqual(['monitoring'])
  const mounted = beside.flatMap(([, { volumes }]) => volumes.filter(volume => volume.startsWith('.')))
  expect(
    mounted.map(volume => resolve('docker', volume.split(':')[0] ?? '')).filter(path => !existsSync(path)),
  ).toEqual([])
})

test('what the deployment mounts is there', () => {
  const { configMapGenerator } = read('kustomization.yaml') as { configMapGenerator: { files: string[] }[] }
  const mounted = configMapGenerator.flatMap(({ files }) => files)
  expect(mounted.filter(path => !existsSync(join(monitoring, path)))).toEqual([])
  const there = globSync('{*.yml,dashboards/*.json}', { cwd: monitoring }).filter(path => !path.endsWith('.test.yml'))
  expect(there.filter(path => !mounted.includes(path)).map(path => basename(path))).toEqual([])
})
