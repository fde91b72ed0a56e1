// All commands in one table, in the order in which the help lists them.
import { type Command, command } from './command.js'
import { ofEvents } from './commands/of-events.js'
import { ofMachine } from './commands/of-machine.js'
import { ofStore } from './commands/of-store.js'
import { EXIT } from './exit.js'
import { helpOn, overviewOf, type Table } from './help.js'

const help = command({
  summary: 'print what there is, or what a command takes',
  examples: [
    ['lighthouse help', 'every command, each in one line'],
    ['lighthouse help token', 'what one of them takes'],
  ],
  operands: ['[command...]'],
  options: {},
  run: async ({ operands: [asked] }, terminal) => {
    await terminal.out(asked.length === 0 ? overviewOf(TABLE) : helpOn(asked.join(' '), TABLE))
    return EXIT.clean
  },
})

const commands: Readonly<Record<string, Command>> = { ...ofEvents, ...ofStore, ...ofMachine, help }

export const TABLE: Table = { commands, families: {} }
