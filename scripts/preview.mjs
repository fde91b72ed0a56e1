// A throw-away environment in a cluster: `node scripts/preview.mjs NAME up` makes one of k8s/overlays/preview, `down` removes it.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { findClusterTool, kustomizeCommand } from './cluster-tools.mjs'
import { exitWith, root, SetupError } from './runtime.mjs'

const USAGE = `node scripts/preview.mjs NAME up|down [--image IMAGE] [--context CONTEXT] [--dry-run]

  NAME               of the environment: letters, digits and hyphens, such as a branch's; its namespace is lighthouse-preview-NAME
  up                 make it, or bring it in step with the files of k8s/ and IMAGE
  down               remove it, with all it holds
  --image IMAGE      such as registry.example/lighthouse:my-branch (default: that of k8s/base)
  --context CONTEXT  of kubectl, which names the cluster (default: the one in force)
  --dry-run          print what would be applied or removed, and ask no cluster
`
const MARK = 'lighthouse-preview'
const READY_WITHIN = '5m'

function asked() {
  try {
    const text = { type: 'string' }
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { image: text, context: text, 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } },
    })
    if (values.help) return { help: true }
    const [name = '', action = '', ...more] = positionals
    if (more.length > 0 || !['up', 'down'].includes(action)) throw new Error('say which environment, and up or down')
    if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name))
      throw new Error(`"${name}" is no name: 1 to 40 small letters, digits and hyphens, none of these at an end`)
    return { ...values, name, action, dryRun: values['dry-run'] ?? false }
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${USAGE}`)
  }
}

/** The overlay in a namespace of its own, which is marked so that `down` removes nothing else. */
function rendered({ namespace, image, secret }) {
  const [program, ...args] = kustomizeCommand() ?? missing('kubectl', 'the files of k8s/ cannot be rendered')
  // Kustomize takes only paths relative to the folder, and follows no link on the way there.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lighthouse-preview-')))
  const marked = [{ op: 'add', path: '/metadata/labels/app.kubernetes.io~1part-of', value: MARK }]
  const kustomization = {
    namespace,
    resources: [relative(folder, realpathSync(join(root, 'k8s/overlays/preview')))],
    patches: [{ target: { kind: 'Namespace' }, patch: JSON.stringify(marked) }],
    ...(image === undefined ? {} : { images: [imageOf(image)] }),
    ...(secret === undefined ? {} : secretOf(secret)),
  }
  try {
    // JSON is YAML.
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization))
    const { status, stdout, stderr } = spawnSync(program, [...args, folder], { encoding: 'utf8' })
    if (status !== 0) throw new SetupError(`the files of k8s/ cannot be rendered:\n${stderr}`)
    return stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function imageOf(image) {
  const [, newName, newTag] = /^(.*?)(?::([\w.-]+))?$/.exec(image)
  return { name: 'lighthouse', newName, ...(newTag === undefined ? {} : { newTag }) }
}

function secretOf(secret) {
  const generated = { name: 'lighthouse', literals: [`jwt-secret=${secret}`] }
  return { secretGenerator: [generated], generatorOptions: { disableNameSuffixHash: true } }
}

function missing(program, consequence) {
  throw new SetupError(`${program} is not on the path, so ${consequence}`)
}

class Cluster {
  constructor(context) {
    this.kubectl =
      findClusterTool('kubectl') ??
      missing('kubectl', 'no environment can be made or removed; --dry-run prints what it would be')
    this.context = context === undefined ? [] : ['--context', context]
  }

  /** What kubectl prints; undefined where it fails and that is an answer. */
  asks(...args) {
    const { status, stdout } = spawnSync(this.kubectl, [...this.context, ...args], { encoding: 'utf8' })
    return status === 0 ? stdout.trim() : undefined
  }

  does(input, ...args) {
    const stdio = [input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit']
    const { status } = spawnSync(this.kubectl, [...this.context, ...args], { input, stdio })
    if (status !== 0) throw new SetupError(`kubectl ${args[0]} ended with ${status}; its message is above`)
  }

  /** Whether it is there, and made by this script. */
  has(namespace) {
    const label = this.asks(
      'get',
      'namespace',
      namespace,
      '--output',
      `jsonpath={.metadata.labels.app\\.kubernetes\\.io/part-of}`,
    )
    if (label !== undefined && label !== MARK)
      throw new SetupError(`the namespace ${namespace} was not made by this script, and is left alone`)
    return label !== undefined
  }
}

function up({ image, context }, namespace) {
  const cluster = new Cluster(context)
  // With another secret the tokens that people have would be worth nothing.
  const isNew = !cluster.has(namespace) || cluster.asks('-n', namespace, 'get', 'secret', 'lighthouse') === undefined
  const secret = isNew ? randomBytes(32).toString('base64url') : undefined
  cluster.does(rendered({ namespace, image, secret }), 'apply', '--filename', '-')
  cluster.does(undefined, '-n', namespace, 'rollout', 'status', 'statefulset/lighthouse', `--timeout=${READY_WITHIN}`)
  say(`It is there. To reach it: kubectl -n ${namespace} port-forward service/lighthouse 8765`)
  say(`A token: kubectl -n ${namespace} exec lighthouse-0 -- node dist/cli/main.js token --agent NAME --role admin`)
}

function down({ context }, namespace) {
  const cluster = new Cluster(context)
  if (!cluster.has(namespace)) return say(`There is no ${namespace}, so nothing is removed.`)
  cluster.does(undefined, 'delete', 'namespace', namespace)
}

function say(text) {
  process.stdout.write(`${text}\n`)
}

await exitWith(async () => {
  const given = asked()
  if (given.help) {
    say(USAGE)
    return 0
  }
  const namespace = `lighthouse-preview-${given.name}`
  if (given.dryRun && given.action === 'up') {
    const secret = 'made-by-chance-and-printed-nowhere'
    process.stdout.write(rendered({ namespace, image: given.image, secret }))
  } else if (given.dryRun) say(`kubectl delete namespace ${namespace}`)
  else (given.action === 'up' ? up : down)(given, namespace)
  return 0
})
