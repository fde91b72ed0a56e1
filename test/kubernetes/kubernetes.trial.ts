// The files of the cluster as a cluster would see them: rendered, valid, restricted, and the same by kustomize and by Helm.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { withTempDirectory } from '../support/temp-directory.js'
import { operatorJudge } from './operator-judge.js'
import { kustomized, kustomizedWith, type Manifest, ofChart, refusalOfChart, run, tools } from './rendering.js'

const FOLDERS = ['base', 'overlays/production', 'overlays/development', 'overlays/preview', 'monitoring']
const OF_THE_OPERATOR = 'monitoring.coreos.com/v1'
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

// skip: a machine may have none of the tools, of which npm run tools installs what it can
const withKustomize = tools.kustomize === undefined ? test.skip : test
// skip: the same
const withHelm = tools.helm === undefined ? test.skip : test
// skip: the same
const withBoth = tools.helm === undefined || tools.kustomize === undefined ? test.skip : test
// skip: the same
const withSchemas = tools.validate === undefined || tools.kustomize === undefined ? test.skip : test
// skip: the same
const withPromtool = tools.promtool === undefined || tools.kustomize === undefined ? test.skip : test
// skip: the same
const withOperator = tools.operator === undefined || tools.kustomize === undefined ? test.skip : test
for (const [name, found] of Object.entries(tools))
  if (found === undefined) process.stdout.write(`kubernetes: ${name} is not here, so what needs it is skipped\n`)

/** Everything that can be applied, the examples and components included. */
async function everything(): Promise<Manifest[]> {
  const secured = await kustomizedWith('base', 'components/tls', 'components/ingress')
  const backup = parse(readFileSync('k8s/backup-cronjob.yaml', 'utf8')) as Manifest
  return [...FOLDERS.flatMap(folder => kustomized(`k8s/${folder}`)), ...secured, backup]
}

withSchemas('every object is one that Kubernetes knows, without a field that it does not know', async () => {
  const objects = (await everything()).filter(({ apiVersion }) => apiVersion !== OF_THE_OPERATOR)
  expect(objects.length).toBeGreaterThan(20)
  await withTempDirectory(place => {
    const file = join(place, 'all.yaml')
    // JSON, because readers of YAML do not agree on what `off` is.
    writeFileSync(file, objects.map(object => JSON.stringify(object)).join('\n---\n'))
    const { status, stdout, stderr } = run(tools.validate ?? '', ['--strict', '--quiet', file])
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' })
    // A judge that lets everything pass would show nothing.
    writeFileSync(file, readFileSync(file, 'utf8').replace('readOnlyRootFilesystem', 'readOnlyRoot'))
    expect(run(tools.validate ?? '', ['--strict', '--quiet', file]).status).not.toBe(0)
  })
})

withKustomize(
  'every pod is a restricted one with requests and limits, and runs the image of this version',
  async () => {
    const pods = (await everything()).flatMap(({ kind, spec }) =>
      kind === 'StatefulSet' ? spec.template.spec : kind === 'CronJob' ? spec.jobTemplate.spec.template.spec : [],
    )
    expect(pods.length).toBeGreaterThan(4)
    for (const { securityContext, containers, volumes = [], ...pod } of pods) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false })
      expect(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC).toBeUndefined()
      for (const volume of volumes)
        expect(['name', 'secret', 'persistentVolumeClaim']).toEqual(expect.arrayContaining(Object.keys(volume)))
      for (const container of containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(container.resources).toMatchObject({
          requests: { memory: expect.anything() },
          limits: { memory: expect.anything() },
        })
        expect(['lighthouse', `lighthouse:${version}`]).toContain(container.image)
        for (const { name, value } of container.env ?? [])
          expect([name, value]).not.toEqual([expect.stringMatching(/SECRET$|TOKEN$|_KEY$/), expect.anything()])
      }
    }
  },
)

withKustomize('namespaces admit restricted pods only, and everything lies in the namespace of its overlay', () => {
  for (const overlay of ['production', 'development', 'preview']) {
    const objects = kustomized(`k8s/overlays/${overlay}`)
    const [namespace, ...others] = objects.filter(({ kind }) => kind === 'Namespace')
    expect(others).toEqual([])
    expect(namespace?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' })
    const elsewhere = objects.filter(
      ({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== namespace?.metadata.name,
    )
    expect(elsewhere).toEqual([])
  }
})

withBoth('by default the chart renders the base, and with production.yaml the overlay of production', () => {
  expect(ofChart()).toEqual(kustomized('k8s/base'))
  const withoutNamespace = kustomized('k8s/overlays/production')
    .filter(({ kind }) => kind !== 'Namespace')
    .map(({ metadata: { namespace: _, ...metadata }, ...object }) => ({ ...object, metadata }))
  expect(ofChart('-f', 'k8s/chart/production.yaml')).toEqual(withoutNamespace)
})

withBoth('the chart has the TLS of the component, and the ingress', async () => {
  const inOrder = (objects: Manifest[]) => JSON.parse(JSON.stringify(objects), sortedByName)
  const ofKustomize = await kustomizedWith('base', 'components/tls', 'components/ingress')
  const ofHelm = ofChart('--set', 'tls.secretName=lighthouse-tls,ingress.enabled=true')
  expect(inOrder(ofHelm)).toEqual(inOrder(ofKustomize))
})

/** Of lists whose members have names, kustomize keeps another order than Helm, which says nothing to a cluster. */
function sortedByName(_: string, value: unknown): unknown {
  const named = (list: unknown[]): list is { name: string }[] => list.every(one => typeof Object(one).name === 'string')
  if (!Array.isArray(value) || !named(value)) return value
  return value.sort((one, other) => (one.name < other.name ? -1 : 1))
}

withHelm('the chart refuses what is misspelt, and secrets that would stand in the values', () => {
  expect(refusalOfChart('--set', 'storage.sice=1Gi')).toContain('sice')
  expect(refusalOfChart('--set', 'replicas=2')).toContain('replicas')
  expect(refusalOfChart('--set', 'storage.size=much')).toContain('size')
  expect(refusalOfChart('--set', 'settings.LIGHTHOUSE_JWT_SECRET=x')).toContain('LIGHTHOUSE_JWT_SECRET')
  expect(refusalOfChart('--set', 'settings.LIGHTHOUSE_LOG_LEVEL=debug')).toBe('')
})

withKustomize(
  'what the operator scrapes is one Service with the port of the metrics, open to where it scrapes from',
  () => {
    const objects = kustomized('k8s/overlays/production')
    const of = (kind: string) => objects.filter(object => object.kind === kind)
    const [monitor] = of('ServiceMonitor') as [Manifest]
    const [{ port }] = monitor.spec.endpoints
    const chosen = of('Service').filter(
      ({ metadata, spec }) =>
        Object.entries(monitor.spec.selector.matchLabels).every(([name, value]) => metadata.labels?.[name] === value) &&
        spec.ports.some(({ name }: { name: string }) => name === port),
    )
    expect(chosen.map(({ metadata }) => metadata.name)).toEqual(['lighthouse-headless'])
    const opened = of('NetworkPolicy')
      .flatMap(({ spec }) => spec.ingress)
      .filter(({ from }) => from !== undefined)
    expect(opened.flatMap(({ ports }) => ports)).toEqual([{ port }])
  },
)

withOperator(
  'every object of the operator is one by its own schemas, without a field that it does not know',
  async () => {
    const judge = operatorJudge(tools.operator ?? '')
    const objects = (await everything()).filter(({ apiVersion }) => apiVersion === OF_THE_OPERATOR)
    expect(new Set(objects.map(({ kind }) => kind))).toEqual(new Set(['PrometheusRule', 'ServiceMonitor']))
    for (const object of objects) expect([object.kind, judge(object)]).toEqual([object.kind, []])
    // A judge that lets everything pass would show nothing.
    const spoilt: readonly (readonly [string, string, string])[] = [
      ['ServiceMonitor', '"interval":"', '"interval":"every '],
      ['ServiceMonitor', '"selector"', '"selektor"'],
      ['PrometheusRule', '"annotations"', '"anotations"'],
      ['PrometheusRule', '"for":"15m"', '"for":"a while"'],
    ]
    for (const [kind, from, to] of spoilt) {
      const text = JSON.stringify(objects.find(object => object.kind === kind))
      expect([from, text.includes(from)]).toEqual([from, true])
      expect([to, judge(JSON.parse(text.replace(from, to))).length > 0]).toEqual([to, true])
    }
  },
)

withPromtool('the rules of the operator are rules that Prometheus takes', async () => {
  const [rule] = kustomized('k8s/overlays/production').filter(({ kind }) => kind === 'PrometheusRule')
  await withTempDirectory(place => {
    writeFileSync(join(place, 'rules.yml'), stringify(rule?.spec))
    const { status, stdout } = run(tools.promtool ?? '', ['check', 'rules', join(place, 'rules.yml')])
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('SUCCESS') })
  })
})
