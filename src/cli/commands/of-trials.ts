// The commands that try the product out: what it does, and how fast.
import { command } from '../command.js'
import { SERVER_OPTIONS } from '../server/options.js'

const { server, token, context, json } = SERVER_OPTIONS
/** Unlike for the other commands nothing stands for the server where none is named. */
const NAMED = {
  server: { ...server, says: 'on this server; unless one is named, on one of its own' },
  url: { ...server, says: 'another way to say --server' },
  token,
  context,
}

export const ofTrials = {
  demo: command({
    summary: 'let five agents work through crashes, and count what was lost',
    examples: [
      ['lighthouse demo', 'on a server of its own, which is killed meanwhile; it leaves nothing behind'],
      ['lighthouse demo --server http://127.0.0.1:8765 --json', 'on one that runs, as JSON'],
    ],
    operands: [],
    options: {
      seed: { type: 'string', value: 'SEED', says: 'the same makes the same agents do the same (1)' },
      ...NAMED,
      json,
    },
    more: 'It needs no network and no running server. Exit 1 when anything was lost, doubled, or not as it should be. On a server that runs its events stay, below agent_<name>/demo-.',
    run: async ({ options }, terminal) => (await import('../machine/demo.js')).demo(options, terminal),
  }),
  bench: command({
    summary: 'measure appends and reads, of a server or of a directory of this machine',
    examples: [
      ['lighthouse bench', 'of the disk of this folder, with a server of its own; it leaves nothing behind'],
      ['lighthouse bench --server http://127.0.0.1:8765 --duration 1 --json', 'of a server that runs, as JSON'],
    ],
    operands: [],
    options: {
      data: { type: 'string', value: 'DIR', says: 'with a server of its own below this directory (.)', default: '.' },
      duration: { type: 'string', value: 'SECONDS', says: 'of each of the three measurements (5)', default: '5' },
      connections: { type: 'string', value: 'N', says: 'each with one request at a time (8)', default: '8' },
      size: { type: 'string', value: 'BYTES', says: 'of the data of an event (256)', default: '256' },
      yes: { type: 'boolean', says: 'write to a server of another machine, where its events stay' },
      ...NAMED,
      json,
    },
    more: 'Its events lie below agent_<name>/bench-, and on a server they stay. It says with the figures what they are not.',
    run: async ({ options }, terminal) => (await import('../machine/bench.js')).bench(options, terminal),
  }),
  load: command({
    summary: "put agents' load on a server by a profile, and judge it by the service levels",
    examples: [
      ['lighthouse load --profile five --duration 60', 'on a server of its own; the report lies in load-five'],
      ['lighthouse load --profile mixed --faults kill@20,cut@40', 'with a kill -9 and broken connections meanwhile'],
      [
        'lighthouse load --profile single --duration 2 --server http://127.0.0.1:8765 --out load --json',
        'on one that runs, as JSON',
      ],
    ],
    operands: [],
    options: {
      profile: {
        type: 'string',
        value: 'NAME',
        says: 'single, five (the default), ten, burst, write-heavy, read-heavy, mixed, pathological, ramp, overload, hour or day',
        default: 'five',
      },
      duration: { type: 'string', value: 'SECONDS', says: 'of the whole profile (60)', default: '60' },
      scale: { type: 'string', value: 'FACTOR', says: 'so many times the rates of the profile (1)', default: '1' },
      seed: { type: 'string', value: 'SEED', says: 'the same makes the same schedule and events (1)', default: '1' },
      faults: {
        type: 'string',
        value: 'LIST',
        says: 'such as kill@20,cut@40: kill -9 of a server of its own, and all connections cut',
        default: '',
      },
      out: { type: 'string', value: 'DIR', says: 'report.html and report.json go there (load-NAME)' },
      data: { type: 'string', value: 'DIR', says: 'with a server of its own below this directory (.)', default: '.' },
      clock: {
        type: 'string',
        value: 'FACTOR',
        says: 'the clock of a server of its own goes so many times as fast, and so do --duration and the rates (1)',
        default: '1',
      },
      store: {
        type: 'string',
        value: 'DIR',
        says: 'on a store there that stays, as the next part of a run in parts',
      },
      recheck: { type: 'boolean', says: 'look also for what the earlier parts of --store have stored' },
      late: {
        type: 'string',
        value: 'MS',
        says: 'it fails when one in a hundred operations is sent later than this (25)',
        default: '25',
      },
      tolerance: {
        type: 'string',
        value: 'FACTOR',
        says: 'so many times the time that the service levels allow (1)',
        default: '1',
      },
      yes: { type: 'boolean', says: 'write to a server of another machine, where its events stay' },
      ...NAMED,
      json,
    },
    more: 'Exit 1 when a verdict does not hold: the schedule was not kept, an event was lost or doubled, something took too long. On a server its events stay, below agent_<name>/load-.',
    run: async ({ options }, terminal) => (await import('../load/load.js')).load(options, terminal),
  }),
} as const
