// The commands about this machine: its server, the settings and the secret of it.
import { BadSettings } from '../../config/parse-settings.js'
import { START_OPTIONS } from '../../server/start-options.js'
import { command } from '../command.js'
import { EXIT } from '../exit.js'
import { SERVER_OPTIONS } from '../server/options.js'
import { NoSecret, Usage } from '../usage-error.js'

export const ofMachine = {
  config: command({
    summary: 'print the settings in force here and where each comes from, secrets masked',
    examples: [
      ['lighthouse config', 'what a server that is started here would run with'],
      ['lighthouse config --port 9000 | jq .port', 'with an option of a start'],
    ],
    operands: [],
    options: { ...START_OPTIONS, json: { type: 'boolean', says: 'it is JSON in any case' } },
    run: async ({ args }, terminal) => {
      const { shownConfig } = await import('../print-config.js')
      await terminal.out(shownConfig(withoutJson(args)))
      return EXIT.clean
    },
  }),
  dev: command({
    summary: 'run a development server: it prints a token and what to try next',
    examples: [
      ['lighthouse dev', 'on ./data and port 8765'],
      ['lighthouse dev --port 0 --data /tmp/lighthouse', 'on a free port and a directory to throw away'],
    ],
    operands: [],
    options: START_OPTIONS,
    more: 'The other commands find it by themselves on this machine, and make their own token for it.',
    run: async () => {
      process.env['LIGHTHOUSE_ENV'] = 'development'
      // At debug, the usual level there, each request is a line.
      process.env['LIGHTHOUSE_LOG_LEVEL'] ??= 'info'
      return serve()
    },
  }),
  serve: command({
    summary: 'run the server as the settings say',
    examples: [['lighthouse serve --port 9000 --data ./data', 'on this port and this directory']],
    operands: [],
    options: START_OPTIONS,
    more: "Exit codes are the server's own: 0 ended when asked to, 1 failed, 2 an option or a setting is wrong, 3 refused; docs/OPERATIONS.md has all.",
    run: () => serve(),
  }),
  start: command({
    summary: 'the same as serve',
    examples: [['lighthouse start --port 9000 --data ./data', 'on this port and this directory']],
    operands: [],
    options: START_OPTIONS,
    run: () => serve(),
  }),
  doctor: command({
    summary: 'say what is wrong with machine, directory and settings, and what mends it',
    examples: [
      ['lighthouse doctor', 'of what a server that is started here would use'],
      ['lighthouse doctor --data ./data --json', 'with an option of a start, as JSON'],
    ],
    operands: [],
    options: { ...START_OPTIONS, json: SERVER_OPTIONS.json },
    more: 'It changes nothing. Exit 1 when something is wrong; a warning alone is 0.',
    run: async ({ args, options: { json } }, terminal) => {
      const { doctor } = await import('../machine/doctor.js')
      return doctor({ args: withoutJson(args), json }, terminal)
    },
  }),
  'context list': command({
    summary: 'list the contexts, without their tokens',
    examples: [['lighthouse context list', 'the one in use has a star']],
    operands: [],
    options: { json: SERVER_OPTIONS.json },
    run: async ({ options }, terminal) =>
      (await import('../machine/context-commands.js')).listContexts(options, terminal),
  }),
  'context add': command({
    summary: 'keep the address of a server, and the token for it',
    examples: [['lighthouse context add here http://127.0.0.1:8765', 'one of this machine, which needs no token']],
    operands: ['<name>', '<url>'],
    options: {
      token: { type: 'string', value: 'TOKEN', says: 'for that server; other users may see it while the command runs' },
      'token-file': { type: 'string', value: 'FILE', says: 'the token is in this file' },
      json: SERVER_OPTIONS.json,
    },
    more: 'It is kept in $XDG_CONFIG_HOME/lighthouse/contexts.json (or ~/.config), readable for you alone, and never printed.',
    run: async ({ operands: [name, url], options }, terminal) =>
      (await import('../machine/context-commands.js')).addContext(name, url, options, terminal),
  }),
  'context use': command({
    summary: 'use a context from now on',
    examples: [['lighthouse context use here', 'for all commands that name no server']],
    operands: ['<name>'],
    options: { json: SERVER_OPTIONS.json },
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../machine/context-commands.js')).useContext(name, options, terminal),
  }),
  'context remove': command({
    summary: 'forget a context and its token',
    examples: [['lighthouse context remove here', 'one of them']],
    operands: ['<name>'],
    options: { json: SERVER_OPTIONS.json },
    run: async ({ operands: [name], options }, terminal) =>
      (await import('../machine/context-commands.js')).removeContext(name, options, terminal),
  }),
  token: command({
    summary: 'print a token for the server on this machine, signed with its secret',
    examples: [
      ['lighthouse token --agent builder-1', 'for an agent of the development server on this machine'],
      ['lighthouse token --agent ops --role admin --expires 30m', 'for an operator, for half an hour'],
    ],
    operands: [],
    options: {
      data: {
        type: 'string',
        value: 'DIR',
        says: "the server's data directory, where a development server keeps its secret",
      },
      agent: { type: 'string', value: 'NAME', says: 'whom it names, such as builder-1' },
      role: { type: 'string', value: 'ROLE', says: 'guest, agent (the default), expert_agent, system_agent or admin' },
      expires: {
        type: 'string',
        value: 'TIME',
        says: 'such as 30m, 12h or 7d; unless said 12h in development, 1h in production',
      },
      permissions: {
        type: 'string',
        value: 'JSON',
        says: 'instead of the role\'s own, such as {"events.read":["own"]}',
      },
      json: SERVER_OPTIONS.json,
    },
    run: async ({ args, options: { json } }, terminal) => {
      const { token } = await import('../token.js')
      const signed = await explained(() => token(withoutJson(args), process.env, text => terminal.err(text)))
      await terminal.out(json ? JSON.stringify({ token: signed }) : signed)
      return EXIT.clean
    },
  }),
  version: command({
    summary: 'print the version',
    examples: [['lighthouse version', 'the version alone']],
    operands: [],
    options: { json: SERVER_OPTIONS.json },
    run: async ({ options: { json } }, terminal) => {
      const { productVersion } = await import('../../config/version.js')
      const version = productVersion()
      await terminal.out(json ? JSON.stringify({ version }) : version)
      return EXIT.clean
    },
  }),
}

/** For what reads the options of a start by itself, and knows no other. */
const withoutJson = (args: readonly string[]) => args.filter(arg => arg !== '--json')

/** The server reads its options from the command line, which the name of the command is no part of. */
async function serve(): Promise<number> {
  process.argv.splice(2, 1)
  await import('../../main.js')
  return Number(process.exitCode ?? EXIT.clean)
}

export const familiesOfMachine = {
  context: { summary: 'names for servers and their tokens: list, add, use, remove' },
}

/** Every error of this command is about what was typed, so the usage is named with it. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Usage || error instanceof NoSecret || error instanceof BadSettings) throw error
    throw new Usage(error instanceof Error ? error.message : String(error))
  }
}
