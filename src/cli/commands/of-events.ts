// The commands of a running server that write, read and follow events.
import { command } from '../command.js'
import { FILTER_OPTIONS, SERVER_OPTIONS } from '../server/options.js'

const { server, token, context } = SERVER_OPTIONS

const FORMAT = {
  type: 'string',
  value: 'TEXT',
  says: "a line of it for each event, such as '{position} {type} {data.text}'",
} as const

export const ofEvents = {
  append: command({
    summary: 'store events: one from the arguments, or lines of JSON',
    examples: [
      [`lighthouse append TaskDone '{"score":0.9}' --stream agent_builder-1`, 'one event'],
      ['lighthouse append --file events.ndjson', 'a file, each line such as {"stream":"s","type":"T","data":{}}'],
      [
        `echo '{"type":"Told","data":{}}' | lighthouse append - --stream agent_builder-1`,
        'what comes on standard input',
      ],
    ],
    operands: ['[type|-]', '[data...]'],
    options: {
      stream: { type: 'string', value: 'STREAM', says: 'the stream to append to; for lines that name none' },
      tag: { type: 'string', value: 'TAG', many: true, says: 'a tag; may be repeated' },
      metadata: { type: 'string', value: 'JSON', says: 'metadata, an object' },
      correlation: { type: 'string', value: 'ID', says: 'the correlation id' },
      causation: { type: 'string', value: 'ID', says: 'the id of the event that caused it' },
      session: { type: 'string', value: 'ID', says: 'the session id' },
      'schema-version': { type: 'string', value: 'N', says: 'the version of the shape of the data' },
      'expected-revision': { type: 'string', value: 'REVISION', says: 'of the stream before it, or none, exists, any' },
      key: { type: 'string', value: 'KEY', says: 'the idempotency key: it is stored once under it' },
      file: { type: 'string', value: 'FILE', says: 'lines of this file; - is standard input' },
      ...SERVER_OPTIONS,
    },
    more: 'Lines are stored 100 at a time, each hundred whole or not at all; it says how many were stored where one fails.',
    run: async ({ operands: [type, data], options }, terminal) => {
      const { append } = await import('../server/append.js')
      return append(type === undefined ? data : [type, ...data], options, terminal)
    },
  }),
  tail: command({
    summary: 'print events as they are stored, through breaks of the connection, until Ctrl-C',
    examples: [
      ['lighthouse tail', 'all that is stored from now on'],
      ["lighthouse tail --type 'Task*' --format '{position} {type} {stream}'", 'only some, in lines of your own'],
      ['lighthouse tail --after start --json | jq -c .data', 'everything from the beginning on, as JSON'],
      ['lighthouse tail --resume-file seen.position', 'from where the last call ended'],
    ],
    operands: [],
    options: {
      after: {
        type: 'string',
        value: 'WHERE',
        says: 'behind a position, an id or a time; start, or head (the default)',
      },
      last: { type: 'string', value: 'N', says: 'the last N of those that are there first' },
      'resume-file': {
        type: 'string',
        value: 'FILE',
        says: 'go on behind the position in it, which is kept up to date',
      },
      limit: { type: 'string', value: 'N', says: 'end after so many' },
      format: FORMAT,
      ...FILTER_OPTIONS,
      ...SERVER_OPTIONS,
    },
    more: 'Ctrl-C ends it with 130, --limit with 0. After a crash, --resume-file prints a few again and leaves none out.',
    run: async ({ options }, terminal) => {
      const { tail } = await import('../server/tail.js')
      return tail(options, terminal)
    },
  }),
  events: command({
    summary: 'print events that are stored, oldest first',
    examples: [
      ['lighthouse events --last 20', 'the newest twenty'],
      [
        "lighthouse events --stream 'agent_*' --since 2026-01-31T00:00:00Z --json",
        'of some streams since a time, as JSON',
      ],
    ],
    operands: [],
    options: {
      after: { type: 'string', value: 'POSITION', says: 'only behind this position' },
      before: { type: 'string', value: 'POSITION', says: 'only before this position' },
      since: { type: 'string', value: 'TIME', says: 'only from this time on, such as 2026-01-31T00:00:00Z' },
      until: { type: 'string', value: 'TIME', says: 'only before this time' },
      last: { type: 'string', value: 'N', says: 'only the newest N' },
      limit: { type: 'string', value: 'N', says: 'only the first N' },
      format: FORMAT,
      ...FILTER_OPTIONS,
      ...SERVER_OPTIONS,
    },
    run: async ({ options }, terminal) => {
      const { printEvents } = await import('../server/reading.js')
      return printEvents(options, terminal)
    },
  }),
  replay: command({
    summary: 'print stored events as JSON, as fast as they came or many times faster',
    examples: [
      ['lighthouse replay --speed 60 --longest-pause 2', 'an hour in a minute, and no pause longer than two seconds'],
      ["lighthouse replay --speed max --type 'Task*' --after 1 > tasks.ndjson", 'as fast as they come, of some'],
    ],
    operands: [],
    options: {
      speed: {
        type: 'string',
        value: 'FACTOR',
        says: 'such as 1 (the default), 0.5 or 60; max waits never',
        default: '1',
      },
      'longest-pause': { type: 'string', value: 'SECONDS', says: 'no pause is longer' },
      after: { type: 'string', value: 'POSITION', says: 'only behind it' },
      before: { type: 'string', value: 'POSITION', says: 'only before it' },
      since: { type: 'string', value: 'TIME', says: 'only from this time on' },
      until: { type: 'string', value: 'TIME', says: 'only before this time' },
      limit: { type: 'string', value: 'N', says: 'only the first N' },
      'resume-file': { type: 'string', value: 'FILE', says: 'go on behind the position in it, and keep it there' },
      ...FILTER_OPTIONS,
      format: FORMAT,
      server,
      token,
      context,
    },
    more: 'It ends with what is stored when it begins; tail goes on. lighthouse state folds a range instead of printing it.',
    run: async ({ options }, terminal) => {
      const { replay } = await import('../server/replay.js')
      return replay(options, terminal)
    },
  }),
  event: command({
    summary: 'print one event, by its id or its position',
    examples: [['lighthouse event 1', 'the first that was stored']],
    operands: ['<id|position>'],
    options: { format: FORMAT, ...SERVER_OPTIONS },
    run: async ({ operands: [id], options }, terminal) => {
      const { printEvent } = await import('../server/reading.js')
      return printEvent(id, options, terminal)
    },
  }),
  why: command({
    summary: 'print what led to an event and what came of it',
    examples: [['lighthouse why 1', 'of the event at a position']],
    operands: ['<id|position>'],
    options: {
      depth: { type: 'string', value: 'N', says: 'no further than so many steps' },
      ...SERVER_OPTIONS,
    },
    run: async ({ operands: [id], options }, terminal) => {
      const { printWhy } = await import('../server/why.js')
      return printWhy(id, options, terminal)
    },
  }),
  streams: command({
    summary: 'list streams',
    examples: [
      ['lighthouse streams', 'all but those of the service'],
      ["lighthouse streams 'agent_*' --json", 'some, as JSON'],
    ],
    operands: ['[glob...]'],
    options: { limit: { type: 'string', value: 'N', says: 'only the first N' }, ...SERVER_OPTIONS },
    run: async ({ operands: [globs], options }, terminal) => {
      const { printStreams } = await import('../server/reading.js')
      return printStreams(globs, options, terminal)
    },
  }),
  query: command({
    summary: 'find events by their content',
    examples: [
      ["lighthouse query type=TaskDone 'data.score>=0.8'", 'all conditions hold'],
      [`lighthouse query --where '{"or":[{"type":"A"},{"type":"B"}]}' --limit 10`, 'any condition of docs/QUERY.md'],
      ["lighthouse query 'type~Task*' --select data.score --order-by position:desc", 'only these fields, newest first'],
    ],
    operands: ['[condition...]'],
    options: {
      where: { type: 'string', value: 'JSON', says: 'a condition as the API takes it' },
      select: { type: 'string', value: 'FIELD', many: true, says: 'print only this field, as JSON; may be repeated' },
      'order-by': { type: 'string', value: 'FIELD', says: 'such as position:desc or data.score' },
      limit: { type: 'string', value: 'N', says: 'only the first N' },
      format: FORMAT,
      ...SERVER_OPTIONS,
    },
    run: async ({ operands: [words], options }, terminal) => {
      const { printFound } = await import('../server/query.js')
      return printFound(words, options, terminal)
    },
  }),
  state: command({
    summary: 'print the state of a stream or of a projection, now or as it was',
    examples: [
      ['lighthouse state agent_builder-1', 'of a stream, now'],
      ['lighthouse state agent_builder-1 --at 1', 'as it was at a position, or at a time'],
    ],
    operands: ['<stream|projection>'],
    options: {
      at: { type: 'string', value: 'MOMENT', says: 'a position or a time' },
      key: { type: 'string', value: 'KEY', says: "a projection's state of this key; a stream's by this path" },
      reducer: { type: 'string', value: 'NAME', says: "a stream's: merge, last, count, collect or set" },
      version: { type: 'string', value: 'N', says: "a projection's version" },
      projection: { type: 'boolean', says: 'it is a projection, though a stream has the name too' },
      ...SERVER_OPTIONS,
    },
    run: async ({ operands: [name], options }, terminal) => {
      const { printState } = await import('../server/reading.js')
      return printState(name, options, terminal)
    },
  }),
} as const
