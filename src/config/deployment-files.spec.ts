// The container and cluster files against the server: the variables they set exist, and so do the paths they probe.
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { settingTable } from './settings.js'

const files = ['docker/Dockerfile', 'docker/compose.yml', 'k8s/base/statefulset.yaml', 'k8s/base/service.yaml']
const texts = new Map(files.map(file => [file, readFileSync(file, 'utf8')]))
const known = new Set(Object.values(settingTable).flatMap(({ variable }) => [variable, `${variable}_FILE`]))
const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as { paths: Record<string, unknown> }

test.each(files)('%s sets only what can be set', file => {
  for (const [variable] of (texts.get(file) ?? '').matchAll(/LIGHTHOUSE_[A-Z_]+/g))
    expect([...known]).toContain(variable)
})

test('the container of the cluster is probed where the server answers, and given a secret', () => {
  const { template } = parse(texts.get('k8s/base/statefulset.yaml') ?? '').spec
  const [container] = template.spec.containers
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
    expect(Object.keys(paths)).toContain(probe.httpGet.path)
  expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(20)
  const { value } = container.env.find(({ name }: { name: string }) => name === 'LIGHTHOUSE_JWT_SECRET_FILE')
  const mount = container.volumeMounts.find(({ name }: { name: string }) => name === 'secrets')
  expect(value).toBe(`${mount.mountPath}/jwt-secret`)
  expect(template.spec.volumes.map(({ name }: { name: string }) => name)).toContain(mount.name)
})

test('the rules of the Prometheus operator are those of the file that a Prometheus reads', () => {
  const rule = parse(readFileSync('k8s/components/prometheus-operator/prometheus-rule.yaml', 'utf8'))
  expect(rule.spec).toEqual(parse(readFileSync('k8s/monitoring/rules.yml', 'utf8')))
})

test('what is installed in a cluster is this version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const chart = parse(readFileSync('k8s/chart/Chart.yaml', 'utf8'))
  const { images } = parse(readFileSync('k8s/base/kustomization.yaml', 'utf8'))
  expect([chart.version, chart.appVersion, images[0].newTag]).toEqual([version, version, version])
})

test('all of them speak of the same port', () => {
  const port = String(parse(readFileSync('config/default.yaml', 'utf8')).port)
  for (const file of files) expect([file, texts.get(file)?.includes(port)]).toEqual([file, true])
})

test('the backup of the cluster reads the volume of the server, changes nothing on it, and runs a command that exists', () => {
  const { spec } = parse(readFileSync('k8s/backup-cronjob.yaml', 'utf8'))
  const { volumes, containers, affinity } = spec.jobTemplate.spec.template.spec
  const [{ command, volumeMounts, image }] = containers
  const set = parse(texts.get('k8s/base/statefulset.yaml') ?? '')
  const [server] = set.spec.template.spec.containers
  const [claim] = set.spec.volumeClaimTemplates
  const mountOf = (mounts: { name: string; mountPath: string }[], name: string) => mounts.find(one => one.name === name)
  const claimOf = (name: string) => volumes.find((one: { name: string }) => one.name === name)?.persistentVolumeClaim
  const [, main, name, directory, target] = command
  expect([existsSync(main.replace('dist', 'src').replace('.js', '.ts')), name]).toEqual([true, 'backup'])
  expect(mountOf(volumeMounts, 'data')).toEqual({ name: 'data', mountPath: directory, readOnly: true })
  expect(mountOf(server.volumeMounts, 'data')?.mountPath).toBe(directory)
  expect(claimOf('data').claimName).toBe(`${claim.metadata.name}-${set.metadata.name}-0`)
  expect(target.startsWith(`${mountOf(volumeMounts, 'backup')?.mountPath}/`)).toBe(true)
  expect(image).toBe(server.image)
  const [{ labelSelector }] = affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution
  const [{ pairs }] = parse(readFileSync('k8s/base/kustomization.yaml', 'utf8')).labels
  expect(pairs).toMatchObject(labelSelector.matchLabels)
})

test('the metrics of the cluster have a port of their own, which only scrapers reach', () => {
  const [container] = parse(texts.get('k8s/base/statefulset.yaml') ?? '').spec.template.spec.containers
  const portOf = (ports: { name: string; containerPort?: number; port?: number }[], name: string) => {
    const found = ports.find(one => one.name === name)
    return found?.containerPort ?? found?.port
  }
  const { value } = container.env.find(({ name }: { name: string }) => name === 'LIGHTHOUSE_METRICS_PORT')
  expect(String(portOf(container.ports, 'metrics'))).toBe(value)
  const [address, headless] = parseAllDocuments(texts.get('k8s/base/service.yaml') ?? '').map(one => one.toJS())
  expect(String(portOf(headless.spec.ports, 'metrics'))).toBe(value)
  expect(portOf(address.spec.ports, 'metrics')).toBeUndefined()
  const policy = parse(readFileSync('k8s/base/network-policy.yaml', 'utf8'))
  const { resources, labels } = parse(readFileSync('k8s/base/kustomization.yaml', 'utf8'))
  expect(resources).toContain('network-policy.yaml')
  expect(labels[0].pairs).toMatchObject(policy.spec.podSelector.matchLabels)
  expect(policy.spec.policyTypes).toEqual(['Ingress'])
  const openings = policy.spec.ingress.flatMap(({ from, ports }: { from?: object[]; ports: { port: string }[] }) =>
    ports.map(({ port }) => [port, from === undefined]),
  )
  expect(openings).toEqual([
    ['http', true],
    ['metrics', false],
  ])
})

test('the image holds every file of the repository that the built server reads', () => {
  const dockerfile = texts.get('docker/Dockerfile') ?? ''
  const image = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  const copied = [...image.matchAll(/^COPY (?:--from=\S+ )?(.+) (?:\.\/)?(\S*)$/gm)].flatMap(
    ([, sources = '', target]) =>
      sources.split(' ').map(source => {
        const name = source.replace('/lighthouse/', '')
        return { name, place: target === '' || target?.endsWith('/') ? `${target}${basename(name)}` : target }
      }),
  )
  const documents = [...readFileSync('src/api-docs/docs.controller.ts', 'utf8').matchAll(/document\('([^']+)'\)/g)]
  expect(documents.length).toBeGreaterThanOrEqual(2)
  // Under the same name, for they are looked for beside dist.
  for (const name of ['package.json', 'node_modules', 'dist', 'config', ...documents.map(([, name]) => `docs/${name}`)])
    expect(copied).toContainEqual({ name, place: name })
})
