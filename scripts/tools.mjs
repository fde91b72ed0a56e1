// What tests use beyond Node and npm: installs what is missing, says where each is, and with `--check` only says it.
// Names choose some of them; a group that is for a bench alone, such as `peers`, has to be named.
// A test that cannot find its tool is skipped and says why, so nothing here has to succeed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import {
  findClusterTool,
  findOperatorSchemas,
  installClusterTool,
  installOperatorSchemas,
  kustomizeCommand,
} from './cluster-tools.mjs'
import { findImageBase, installImageBase } from './image-base.mjs'
import { installFromNpm, installFromPypi, makeEnvironment, run } from './install-packages.mjs'
import { findJudge, installJudge, judges } from './judges.mjs'
import { findLiveJudge, installLiveJudge } from './live-judges.mjs'
import { findNode20, installNode20 } from './node-20.mjs'
import { peerTools } from './peer-tools.mjs'
import { root } from './runtime.mjs'

const SCHEMATHESIS = '4.32.5'

/** What the Python client stands on, what builds it and what checks its types. */
const PYTHON_PACKAGES = ['httpx==0.28.1', 'websockets==15.0.1', 'hatchling==1.27.0', 'mypy==1.18.2']
const pythonClient = join(root, 'node_modules', '.cache', 'python-client')

/** What judges the client as npm packs it, and the bundler of a page that installs it; for nobody who only builds. */
const CLIENT_PACKAGES = ['@arethetypeswrong/cli@0.18.5', 'publint@0.3.25', 'vite@8.4.0']
const clientTools = join(root, 'node_modules', '.cache', 'client-tools')

/** What the tools leave behind, they leave beside themselves. */
const cache = join(root, 'node_modules', '.cache', 'schemathesis')

const tools = [
  { name: 'tar', serves: 'the client of before (npm run test:tools)', find: onPath, install: () => debian('tar') },
  {
    name: 'node-20',
    serves: 'the client on the oldest Node it promises (npm run test:tools)',
    find: findNode20,
    install: installNode20,
  },
  {
    name: 'client-tools',
    serves: 'the client as a stranger installs it: attw, publint, vite (npm run test:tools)',
    find: () =>
      ['attw', 'publint', 'vite'].every(program => existsSync(join(clientTools, 'node_modules', '.bin', program)))
        ? clientTools
        : undefined,
    install: () => installFromNpm(clientTools, CLIENT_PACKAGES),
  },
  { name: 'mkfs.ext4', serves: 'full disks (test/crash)', find: onPath, install: () => debian('e2fsprogs') },
  { name: 'mount', serves: 'full disks (test/crash)', find: onPath, install: () => debian('mount') },
  {
    name: 'prlimit',
    serves: 'files that may not grow (test/crash)',
    find: onPath,
    install: () => debian('util-linux'),
  },
  {
    name: 'buildah',
    serves: 'the container image (npm run test:tools)',
    find: onPath,
    install: () => debian('buildah', 'debootstrap'),
  },
  {
    name: 'image-base',
    serves: 'the same, for the base image that docker/Dockerfile names',
    find: findImageBase,
    install: installImageBase,
  },
  {
    name: 'chromium',
    serves: 'every button of /docs, the client in a page (npm run test:tools)',
    find: onPath,
    // A page without any font has no text to look at.
    install: () => debian('chromium', 'fonts-dejavu-core'),
  },
  {
    name: 'prometheus',
    serves: 'rules and dashboards (npm run test:tools), with promtool',
    find: onPath,
    install: () => debian('prometheus'),
  },
  {
    name: 'prometheus-alertmanager',
    serves: 'the routes of alerts (npm run test:tools), with amtool',
    find: onPath,
    install: () => debian('prometheus-alertmanager'),
  },
  {
    name: 'python3',
    serves: 'schemathesis and the Python client',
    // Debian keeps what makes an environment in a package of its own.
    find: name => (spawnSync(name, ['-c', 'import ensurepip, venv']).status === 0 ? onPath(name) : undefined),
    install: () => debian('python3', 'python3-venv'),
  },
  {
    name: 'kustomize',
    serves: 'the files of the cluster (npm run test:tools), or the one that kubectl has',
    find: () => kustomizeCommand()?.join(' '),
    install: () => installClusterTool('kustomize'),
  },
  ...['helm', 'kubernetes-validate'].map(name => ({
    name,
    serves: 'the files of the cluster (npm run test:tools)',
    find: findClusterTool,
    install: () => installClusterTool(name),
  })),
  ...judges.map(name => ({
    name,
    serves: 'the judges of the HTTP side (npm run test:tools)',
    find: findJudge,
    install: () => installJudge(name),
  })),
  {
    name: 'operator-schemas',
    serves: 'what the Prometheus operator reads (npm run test:tools)',
    find: findOperatorSchemas,
    install: installOperatorSchemas,
  },
  {
    name: 'schemathesis',
    serves: `npm run fuzz (the wheel of version ${SCHEMATHESIS})`,
    find: name => [join(cache, 'bin', name)].find(path => existsSync(path)),
    install: () => installFromPypi(cache, [`schemathesis==${SCHEMATHESIS}`]),
  },
  {
    name: 'python-client',
    serves: 'the Python client (npm run test:tools), its packages as wheels',
    find: () => [join(pythonClient, 'bin', 'mypy')].find(path => existsSync(path)),
    install: () => {
      const pip = (...args) => run(join(pythonClient, 'bin', 'pip'), args, { PIP_DISABLE_PIP_VERSION_CHECK: '1' })
      const wheels = join(pythonClient, 'wheels')
      const recent = run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))'])
      // The wheels are kept, because the trial installs the client with them into an environment that sees no network.
      if (recent && makeEnvironment(pythonClient) && pip('download', '-qd', wheels, ...PYTHON_PACKAGES))
        pip('install', '-q', '--no-index', '--find-links', wheels, ...PYTHON_PACKAGES)
    },
  },
  ...Object.entries({
    kosoku: "Autobahn's cases against the socket (npm run test:tools)",
    'httpx-sse': 'followers that are not ours (npm run test:tools), with Python',
    eventsource: 'the same, with Node',
    porcupine: 'recorded histories of the log and of groups (npm run judge:porcupine), with Go',
  }).map(([name, serves]) => ({
    name,
    serves,
    find: () => findLiveJudge(name),
    install: () => installLiveJudge(name),
  })),
  ...peerTools({ debian, onPath }),
]

function onPath(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

let listsAreFresh = false

/** Where the machine is not Debian, or not ours, its owner installs what they want to have. */
function debian(...packages) {
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined) return
  if (!listsAreFresh) spawnSync('apt-get', ['-qq', 'update'], { stdio: ['ignore', 2, 2] })
  listsAreFresh = true
  spawnSync('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...packages], { stdio: ['ignore', 2, 2] })
}

const args = process.argv.slice(2)
const wanted = args.filter(arg => arg !== '--check')
for (const { name, group, serves, find, install } of tools) {
  if (wanted.length === 0 ? group !== undefined : !wanted.includes(name) && !wanted.includes(group)) continue
  if (!args.includes('--check') && find(name) === undefined) install()
  process.stdout.write(`${name.padEnd(16)} ${find(name) ?? 'not here'}  for ${serves}\n`)
}
