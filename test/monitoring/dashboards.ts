// The dashboards of k8s/monitoring as files, and every query of theirs.
import { globSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

export const monitoring = resolve(import.meta.dirname, '..', '..', 'k8s', 'monitoring')

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

export interface Dashboard {
  readonly name: string
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
}

export interface Query {
  readonly where: string
  readonly expr: string
}

export const dashboards: readonly Dashboard[] = globSync('dashboards/*.json', { cwd: monitoring })
  .sort()
  .map(path => ({ name: basename(path, '.json'), ...JSON.parse(readFileSync(join(monitoring, path), 'utf8')) }))

export const queries: readonly Query[] = dashboards.flatMap(({ name, panels }) =>
  panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: `${name}: ${title}`, expr }))),
)

/** As Grafana would ask it of every server, at a scrape each second. */
export function asked({ expr }: Query): string {
  return expr.replaceAll('$__rate_interval', '15s').replaceAll('$instance', '.*').replaceAll('[1h]', '[15s]')
}
