// Finds what renders and checks the files of k8s/: on the path, or where scripts/tools.mjs has put it.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installFromPypi, run } from './install-packages.mjs'
import { root } from './runtime.mjs'

const cache = join(root, 'node_modules', '.cache', 'cluster-tools')
const ofGo = {
  helm: 'helm.sh/helm/v4/cmd/helm@v4.3.0',
  kustomize: 'sigs.k8s.io/kustomize/kustomize/v5@v5.8.1',
}
const VALIDATE = 'kubernetes-validate==1.37.0'
/** Kubernetes knows nothing of the objects of the Prometheus operator, whose module has a schema of each. */
const OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.85.0'
const operatorSchemas = ['servicemonitors', 'prometheusrules'].map(kind => `monitoring.coreos.com_${kind}.yaml`)

export function findClusterTool(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(cache, 'bin')]
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

/** What renders a folder of kustomize: the program and its first arguments. */
export function kustomizeCommand() {
  const kubectl = findClusterTool('kubectl')
  if (kubectl !== undefined) return [kubectl, 'kustomize']
  const kustomize = findClusterTool('kustomize')
  return kustomize === undefined ? undefined : [kustomize, 'build']
}

/** The folder of the schemas of the operator's objects. */
export function findOperatorSchemas() {
  const folder = join(cache, 'operator-schemas')
  return operatorSchemas.every(name => existsSync(join(folder, name))) ? folder : undefined
}

export function installOperatorSchemas() {
  const { status, stdout } = spawnSync('go', ['mod', 'download', '-json', OPERATOR], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
  })
  if (status !== 0) return
  const folder = join(cache, 'operator-schemas')
  mkdirSync(folder, { recursive: true })
  for (const name of operatorSchemas)
    copyFileSync(join(JSON.parse(stdout).Dir, 'example', 'prometheus-operator-crd', name), join(folder, name))
}

/** Where there is neither Go nor Python, the machine's owner installs what they want to have. */
export function installClusterTool(name) {
  if (Object.hasOwn(ofGo, name)) run('go', ['install', ofGo[name]], { GOBIN: join(cache, 'bin') })
  else installFromPypi(cache, [VALIDATE])
}
