// What `npm run bench:peers` measures beside Lighthouse, and the peers' own clients: found and installed for that bench alone.
import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { installFromNpm, run } from './install-packages.mjs'
import { root } from './runtime.mjs'

const UMADB = '0.7.8'
const NATS = 'v2.15.3'

const cache = join(root, 'node_modules', '.cache', 'peers')
const clients = [
  'pg@8.23.1',
  '@redis/client@6.3.1',
  '@nats-io/jetstream@3.4.0',
  '@nats-io/transport-node@3.4.0',
  '@grpc/grpc-js@1.14.7',
  '@grpc/proto-loader@0.8.1',
  '@event-driven-io/emmett@0.42.0',
  '@event-driven-io/emmett-postgresql@0.42.0',
  '@event-driven-io/pongo@0.16.11',
]

/** In the order in which they are installed: UmaDB is compiled, which takes minutes and what compiles its protocol. */
export function peerTools({ debian, onPath }) {
  const debians = [
    { name: 'postgres', install: () => debian('postgresql-15'), find: findPostgres },
    { name: 'redis-server', install: () => debian('redis-server'), find: onPath },
    { name: 'strace', install: () => debian('strace'), find: onPath },
    { name: 'protoc', install: () => debian('protobuf-compiler', 'libprotobuf-dev'), find: onPath },
  ]
  const others = [
    { name: 'nats-server', install: installNats, find: () => there('bin', 'nats-server') },
    { name: 'peer-clients', install: installClients, find: () => there('node_modules', 'pg') && cache },
    { name: 'umadb', install: installUmadb, find: () => there('umadb.proto') && there('bin', 'umadb') },
  ]
  return [...debians, ...others].map(tool => ({ ...tool, group: 'peers', serves: 'npm run bench:peers' }))
}

function there(...path) {
  return [join(cache, ...path)].find(path => existsSync(path))
}

/** Debian keeps its programs beside each other, one folder a version, and none of them on the path. */
function findPostgres() {
  const folders = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  return folders.map(version => join('/usr/lib/postgresql', version, 'bin', 'postgres')).find(path => existsSync(path))
}

function installNats() {
  run('go', ['install', `github.com/nats-io/nats-server/v2@${NATS}`], { GOBIN: join(cache, 'bin') })
}

function installClients() {
  installFromNpm(cache, clients)
}

/** Its protocol is described in a crate of its own, which cargo has unpacked to compile it. */
function installUmadb() {
  if (!run('cargo', ['install', 'umadb', '--version', UMADB, '--locked', '--root', cache])) return
  const sources = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src')
  const protocol = readdirSync(sources)
    .map(registry => join(sources, registry, `umadb-proto-${UMADB}`, 'proto', 'v1', 'umadb.proto'))
    .find(path => existsSync(path))
  if (protocol !== undefined) copyFileSync(protocol, join(cache, 'umadb.proto'))
}
