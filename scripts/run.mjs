// The one door of every npm script: sets the clone up, then runs the named command on the pinned Node.
import { join } from 'node:path'
import {
  ensureBuilt,
  ensureClientBuilt,
  ensureInstalled,
  exitWith,
  pinnedNode,
  root,
  runNode,
  SetupError,
} from './runtime.mjs'

const bin = path => join(root, 'node_modules', path)
const jest = ['--no-warnings', bin('jest/bin/jest.js')]
const biome = bin('@biomejs/biome/bin/biome')
const typescript = ['--import', join(root, 'scripts', 'typescript.mjs')]

const commands = {
  setup: async () => 0,
  build: async () => {
    await ensureBuilt({ always: true })
    await ensureClientBuilt({ always: true })
    return 0
  },
  // What is packed of client/; the server is not built for it.
  'build:client': async () => {
    await ensureClientBuilt()
    return 0
  },
  start: async args => {
    await ensureBuilt()
    return runNode([join(root, 'dist', 'main.js'), ...args])
  },
  // The server from its sources, started again whenever one of them changes.
  dev: args =>
    runNode([bin('@nestjs/cli/bin/nest.js'), 'start', '--watch', '--no-shell', '--exec', pinnedNode(), '--', ...args]),
  // Tests that start real processes start the built product, so it is built first.
  test: async args => {
    await ensureBuilt()
    await ensureClientBuilt()
    return runNode([...jest, ...args])
  },
  'test:unit': args => runNode([...jest, ...args], { env: { ...process.env, TEST_SUITE: 'unit' } }),
  // What needs more time, or tools that are not npm's: scripts/tools.mjs installs them.
  'test:tools': async args => {
    await ensureBuilt()
    await ensureClientBuilt()
    const unpacked = await runNode([join(root, 'test', 'old-client', 'unpack.mjs')])
    const env = { ...process.env, TEST_SUITE: 'tools', LIGHTHOUSE_THOROUGH: '1' }
    return unpacked || runNode([...jest, ...args], { env })
  },
  drill: async args => {
    await ensureBuilt()
    await ensureClientBuilt()
    return runNode([join(root, 'scripts', 'drill.mjs'), ...args])
  },
  tools: args => runNode([join(root, 'scripts', 'tools.mjs'), ...args]),
  // The client once more as a browser would see it: with nothing of Node at hand.
  types: async args => {
    const check = project => runNode([bin('typescript/bin/tsc'), '--noEmit', '-p', project, ...args])
    return (await check('tsconfig.json')) || check('client/tsconfig.json')
  },
  lint: args => runNode([biome, 'check', '--error-on-warnings', ...args]),
  format: args => runNode([biome, 'check', '--write', ...args]),
  // Any TypeScript file, straight from its source: node scripts/run.mjs ts bench/engine.ts
  ts: args => runNode(['--expose-gc', ...typescript, ...args]),
  // The pinned Node itself: node scripts/run.mjs node --version
  node: args => runNode(args),
}

await exitWith(async () => {
  const [name = '', ...args] = process.argv.slice(2)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined)
    throw new SetupError(`unknown command "${name}"; known: ${Object.keys(commands).join(', ')}`)
  await ensureInstalled()
  return command(args)
})
