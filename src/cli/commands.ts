// All commands in one table, in the order in which the help lists them.
import { type Command, command } from './command.js'
import { ofEvents } from './commands/of-events.js'
import { familiesOfGroups, ofGroups } from './commands/of-groups.js'
import { familiesOfMachine, ofMachine } from './commands/of-machine.js'
import { familiesOfOperators, ofOperators } from './commands/of-operators.js'
import { ofStore } from './commands/of-store.js'
import { ofTrials } from './commands/of-trials.js'
import { EXIT } from './exit.js'
import { helpOn, overviewOf, type Table } from './help.js'

const help = command({
  summary: 'print what there is, or what a command takes',
  examples: [
    ['lighthouse help', 'every command, each in one line'],
    ['lighthouse help groups take', 'what one of them takes'],
  ],
  operands: ['[command...]'],
  options: {},
  run: async ({ operands: [asked] }, terminal) => {
    await terminal.out(asked.length === 0 ? overviewOf(TABLE) : helpOn(asked.join(' '), TABLE))
    return EXIT.clean
  },
})

const completion = command({
  summary: 'print a script that completes commands and options in a shell',
  examples: [
    ['eval "$(lighthouse completion bash)"', 'in bash, for this shell; zsh likewise'],
    ['lighthouse completion fish | source', 'in fish'],
  ],
  operands: ['<bash|zsh|fish>'],
  options: {},
  run: async ({ operands: [shell] }, terminal) => {
    const { completionFor } = await import('./machine/completion.js')
    await terminal.out(completionFor(shell, TABLE))
    return EXIT.clean
  },
})

const commands: Readonly<Record<string, Command>> = {
  ...ofEvents,
  ...ofGroups,
  ...ofOperators,
  ...ofStore,
  ...ofMachine,
  ...ofTrials,
  completion,
  help,
}

export const TABLE: Table = {
  commands,
  families: { ...familiesOfGroups, ...familiesOfOperators, ...familiesOfMachine },
}
