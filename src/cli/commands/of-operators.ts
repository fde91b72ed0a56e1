// The commands of a running server for its operators.
import { command } from '../command.js'
import { SERVER_OPTIONS } from '../server/options.js'

const { server, context, json } = SERVER_OPTIONS

export const ofOperators = {
  whoami: command({
    summary: 'print whom the token names, what it may do, and what is left of its limits',
    examples: [['lighthouse whoami', 'of the token that the other commands would use']],
    operands: [],
    options: SERVER_OPTIONS,
    run: async ({ options }, terminal) => (await import('../server/operating.js')).printWhoAmI(options, terminal),
  }),
  check: command({
    summary: 'print one line about a server, for Nagios and its kin; it needs no token',
    examples: [
      ['lighthouse check', 'of the server that the other commands would ask'],
      ['lighthouse check --timeout 5', 'an answer later than that is critical'],
    ],
    operands: [],
    options: {
      timeout: { type: 'string', value: 'SECONDS', says: 'critical when it has not answered by then (10)' },
      server,
      context,
      json,
    },
    more: 'Exit codes: 0 OK, 1 WARNING (a component or the mode), 2 CRITICAL (down, EMERGENCY, no answer), 3 UNKNOWN.',
    mistake: 3,
    run: async ({ options }, terminal) => (await import('../server/check.js')).check(options, terminal),
  }),
  'mode show': command({
    summary: 'print the mode, since when, why, and what ends it',
    examples: [['lighthouse mode show', 'of the server']],
    operands: [],
    options: SERVER_OPTIONS,
    run: async ({ options }, terminal) => (await import('../server/operating.js')).modeOf(options, terminal),
  }),
  'mode emergency': command({
    summary: 'force the mode EMERGENCY: reads go on, appends are refused',
    examples: [["lighthouse mode emergency 'the disk is being moved'", 'with the reason, for the record']],
    operands: ['<reason>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [reason], options }, terminal) =>
      (await import('../server/operating.js')).modeOf(options, terminal, { mode: 'EMERGENCY', reason }),
  }),
  'mode release': command({
    summary: 'release what was forced; the server finds its own mode again',
    examples: [["lighthouse mode release 'the disk is back'", 'with the reason, for the record']],
    operands: ['<reason>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [reason], options }, terminal) =>
      (await import('../server/operating.js')).modeOf(options, terminal, { mode: 'NORMAL', reason }),
  }),
  'alerts list': command({
    summary: 'list the alerts that stand',
    examples: [['lighthouse alerts list', 'with their runbooks']],
    operands: [],
    options: SERVER_OPTIONS,
    run: async ({ options }, terminal) => (await import('../server/operating.js')).listAlerts(options, terminal),
  }),
  'alerts silence': command({
    summary: 'tell nobody of some alerts for a while',
    examples: [
      ["lighthouse alerts silence 'old events are being removed' --cause storage_growth --for 2h", 'of one cause'],
    ],
    operands: ['<reason>'],
    options: {
      cause: { type: 'string', value: 'CAUSE', many: true, says: 'of these causes; unless said, of any' },
      severity: {
        type: 'string',
        value: 'P',
        many: true,
        says: 'of these severities, such as P3; unless said, of any',
      },
      for: { type: 'string', value: 'TIME', says: 'such as 30m, 2h or 7d' },
      until: { type: 'string', value: 'TIME', says: 'until a time such as 2026-01-31T12:00:00Z' },
      ...SERVER_OPTIONS,
    },
    run: async ({ operands: [reason], options }, terminal) =>
      (await import('../server/operating.js')).silenceAlerts(reason, options, terminal),
  }),
  'alerts silences': command({
    summary: 'list the silences that stand or are to come',
    examples: [['lighthouse alerts silences', 'with their ids']],
    operands: [],
    options: SERVER_OPTIONS,
    run: async ({ options }, terminal) => (await import('../server/operating.js')).listSilences(options, terminal),
  }),
  'alerts unsilence': command({
    summary: 'end a silence',
    examples: [['lighthouse alerts unsilence $SILENCE', 'by the id that alerts silences prints']],
    operands: ['<silence>'],
    options: SERVER_OPTIONS,
    run: async ({ operands: [id], options }, terminal) =>
      (await import('../server/operating.js')).endSilence(id, options, terminal),
  }),
  'alerts test': command({
    summary: 'send a test message to every channel; exit 1 when one does not take it',
    examples: [['lighthouse alerts test', 'to all that are set up']],
    operands: [],
    options: SERVER_OPTIONS,
    run: async ({ options }, terminal) => (await import('../server/operating.js')).testAlerts(options, terminal),
  }),
} as const

export const familiesOfOperators = {
  mode: { summary: 'the mode: show, emergency, release' },
  alerts: { summary: 'alerts: list, silence, silences, unsilence, test' },
}
