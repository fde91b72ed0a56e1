// The commands of a running server about consumer groups, projections and snapshots.
import { command } from '../command.js'
import { FILTER_OPTIONS, SERVER_OPTIONS } from '../server/options.js'

const ALL = { type: 'boolean', says: 'all that is parked, instead of positions' } as const

export const ofGroups = {
  'groups list': command({
    summary: 'list consumer groups with what is left to do',
    examples: [['lighthouse groups list', 'all that the token may see']],
    operands: [],
    options: SERVER_OPTIONS,
    run: async ({ options }, terminal) => (await import('../server/groups.js')).listGroups(options, terminal),
  }),
  'groups show': command({
    summary: 'print a group: its definition and its progress, as JSON',
    examples: [['lighthouse groups show workers', 'one group']],
    operands: ['<group>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../server/groups.js')).showGroup(name, options, terminal),
  }),
  'groups define': command({
    summary: 'make a group, or change one',
    examples: [["lighthouse groups define workers --type 'Task*' --after start", 'of some types, from the beginning']],
    operands: ['<group>'],
    options: {
      after: { type: 'string', value: 'WHERE', says: 'begins behind a position, an id or a time; start, or head' },
      ordering: { type: 'string', value: 'HOW', says: 'none, stream or correlation: what is delivered one by one' },
      'ack-timeout': { type: 'string', value: 'SECONDS', says: 'a delivery is given to another after so long' },
      'max-attempts': { type: 'string', value: 'N', says: 'an event is parked after so many' },
      ...FILTER_OPTIONS,
      ...SERVER_OPTIONS,
    },
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../server/groups.js')).defineGroup(name, options, terminal),
  }),
  'groups take': command({
    summary: 'take events that are due, each for this consumer alone until its deadline',
    examples: [
      ['lighthouse groups take workers --max 1', 'one; groups ack settles it'],
      ['lighthouse groups take workers --ack --json', 'acknowledge what was printed, at once'],
    ],
    operands: ['<group>'],
    options: {
      max: { type: 'string', value: 'N', says: 'at most so many (10)' },
      wait: { type: 'string', value: 'SECONDS', says: 'wait so long for the first, up to 50 (0)' },
      ack: { type: 'boolean', says: 'acknowledge them when they are printed' },
      ...SERVER_OPTIONS,
    },
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../server/groups.js')).takeFrom(name, options, terminal),
  }),
  'groups ack': command({
    summary: 'acknowledge deliveries by their tokens',
    examples: [['lighthouse groups ack workers $DELIVERY', 'as groups take has printed it']],
    operands: ['<group>', '[delivery...]'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [name, tokens], options }, terminal) =>
      (await import('../server/groups.js')).ackDeliveries(name, tokens, options, terminal),
  }),
  'groups parked': command({
    summary: 'list what a group has parked, and why',
    examples: [['lighthouse groups parked workers', 'all that waits for somebody to decide']],
    operands: ['<group>'],
    options: { limit: { type: 'string', value: 'N', says: 'only the first N' }, ...SERVER_OPTIONS },
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../server/groups.js')).listParked(name, options, terminal),
  }),
  'groups replay': command({
    summary: 'deliver parked events again',
    examples: [['lighthouse groups replay workers --all', 'all of them; or positions']],
    operands: ['<group>', '[position...]'],
    options: { all: ALL, ...SERVER_OPTIONS },
    run: async ({ operands: [name, positions], options: wish }, terminal) =>
      (await import('../server/groups.js')).settleParked('replay', name, positions, { wish, terminal }),
  }),
  'groups discard': command({
    summary: 'give parked events up; the events themselves stay',
    examples: [['lighthouse groups discard workers --all', 'all of them; or positions']],
    operands: ['<group>', '[position...]'],
    options: { all: ALL, ...SERVER_OPTIONS },
    run: async ({ operands: [name, positions], options: wish }, terminal) =>
      (await import('../server/groups.js')).settleParked('discard', name, positions, { wish, terminal }),
  }),
  'groups delete': command({
    summary: 'delete a group with its progress; the events stay',
    examples: [['lighthouse groups delete workers', 'one group']],
    operands: ['<group>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../server/groups.js')).deleteGroup(name, options, terminal),
  }),
  'projections list': command({
    summary: 'list projections',
    examples: [['lighthouse projections list', 'all that are defined']],
    operands: [],
    options: SERVER_OPTIONS,
    run: async ({ options }, terminal) => (await import('../server/kept.js')).listProjections(options, terminal),
  }),
  'projections show': command({
    summary: 'print the definition of a projection, as JSON; state prints its state',
    examples: [['lighthouse projections show tasks', 'one of them']],
    operands: ['<projection>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../server/kept.js')).showProjection(name, options, terminal),
  }),
  'projections define': command({
    summary: 'define a projection, or a new version of it',
    examples: [['lighthouse projections define tasks tasks.json', 'as the file says it; docs/REPLAY.md shows one']],
    operands: ['<projection>', '<file>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [name, file], options: wish }, terminal) =>
      (await import('../server/kept.js')).defineProjection(name, file, { wish, terminal }),
  }),
  'projections delete': command({
    summary: 'delete a projection; the events stay',
    examples: [['lighthouse projections delete tasks', 'one of them']],
    operands: ['<projection>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../server/kept.js')).deleteProjection(name, options, terminal),
  }),
  'snapshot list': command({
    summary: 'list snapshots, newest first',
    examples: [['lighthouse snapshot list', 'all that the token may see']],
    operands: [],
    options: SERVER_OPTIONS,
    run: async ({ options }, terminal) => (await import('../server/kept.js')).listSnapshots(options, terminal),
  }),
  'snapshot keep': command({
    summary: 'keep snapshots of a state from now on, and make one',
    examples: [["lighthouse snapshot keep builder --stream 'agent_builder-1'", 'of the state of some streams']],
    operands: ['[name]'],
    options: {
      projection: { type: 'string', value: 'NAME', says: 'of this projection' },
      reducer: { type: 'string', value: 'NAME', says: 'merge (the default), last, count, collect or set' },
      key: { type: 'string', value: 'PATH', says: 'one state for each value there' },
      ...FILTER_OPTIONS,
      ...SERVER_OPTIONS,
    },
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../server/kept.js')).keepSnapshots(name, options, terminal),
  }),
  'snapshot show': command({
    summary: 'print the state in a snapshot, as JSON',
    examples: [['lighthouse snapshot show $SNAPSHOT', 'by the id that snapshot list prints']],
    operands: ['<snapshot>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [id], options }, terminal) =>
      (await import('../server/kept.js')).showSnapshot(id, options, terminal),
  }),
  'snapshot verify': command({
    summary: 'fold anew and compare; exit 1 when it is not sound',
    examples: [['lighthouse snapshot verify $SNAPSHOT', 'by the id that snapshot list prints']],
    operands: ['<snapshot>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [id], options }, terminal) =>
      (await import('../server/kept.js')).verifySnapshot(id, options, terminal),
  }),
} as const

export const familiesOfGroups = {
  groups: { summary: 'consumer groups: list, show, define, take, ack, parked, replay, discard, delete' },
  projections: { summary: 'projections: list, show, define, delete' },
  snapshot: { summary: 'snapshots of states: list, keep, show, verify' },
}
