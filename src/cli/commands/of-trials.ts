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
} as const
