// The commands about this machine: its server, the settings and the secret of it.
import { BadSettings } from '../../config/parse-settings.js'
import { START_OPTIONS } from '../../server/start-options.js'
import { command } from '../command.js'
import { EXIT } from '../exit.js'
import { NoSecret, Usage } from '../usage-error.js'

export const ofMachine = {
  config: command({
    summary: 'print the settings in force here and where each comes from, secrets masked',
    examples: [
      ['lighthouse config', 'what a server that is started here would run with'],
      ['lighthouse config --port 9000 | jq .port', 'with an option of a start'],
    ],
    operands: [],
    options: START_OPTIONS,
    run: async ({ args }, terminal) => {
      const { shownConfig } = await import('../print-config.js')
      await terminal.out(shownConfig(args))
      return EXIT.clean
    },
  }),
  start: command({
    summary: 'run the server',
    examples: [['lighthouse start --port 9000 --data ./data', 'on this port and this directory']],
    operands: [],
    options: START_OPTIONS,
    run: async () => {
      // The server reads its options from the command line, which the name of the command is no part of.
      process.argv.splice(2, 1)
      await import('../../main.js')
      return Number(process.exitCode ?? EXIT.clean)
    },
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
    },
    run: async ({ args }, terminal) => {
      const { token } = await import('../token.js')
      await terminal.out(await explained(() => token(args, process.env, text => terminal.err(text))))
      return EXIT.clean
    },
  }),
  version: command({
    summary: 'print the version',
    examples: [['lighthouse version', 'the version alone']],
    operands: [],
    options: {},
    run: async (_, terminal) => {
      const { productVersion } = await import('../../config/version.js')
      await terminal.out(productVersion())
      return EXIT.clean
    },
  }),
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Usage || error instanceof NoSecret || error instanceof BadSettings) throw error
    throw new Usage(error instanceof Error ? error.message : String(error))
  }
}
