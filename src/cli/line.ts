// The commands as commander reads them: it parses what was typed, and its errors and its help are put into our words.
import { Command as CommanderCommand, Option } from 'commander'
import { closest } from './closest.js'
import type { Command, Read } from './command.js'
import { HELP_SAYS, helpOf, helpOfFamily, membersOf, noCommand, overviewOf, type Table } from './help.js'
import { Usage } from './usage-error.js'

/** What is read, and who is told of it. */
export interface TypedLine {
  readonly typed: readonly string[]
  readonly chosen: (name: string, read: Read) => void
  /** Takes the help that was asked for. */
  readonly print: (help: string) => void
}

/** One command of commander. It throws instead of ending the process, and looks for the names that were meant. */
export class Line extends CommanderCommand {
  override createCommand(name?: string): Line {
    return new Line(name)
  }

  /** Commander calls it for each option that it does not know. */
  unknownOption(flag: string): never {
    if (this.parent === null) throw new Usage(`there is no command ${JSON.stringify(flag)}`)
    const known = this.options.flatMap(({ long }) => (long == null ? [] : [long.slice(2)]))
    const near = closest(flag.replace(/^-+/, ''), [...known, 'help'])
    throw new Usage(`there is no option ${flag}${near === undefined ? '' : `; did you mean --${near}?`}`)
  }

  /** All its other errors about what was typed. */
  override error(message: string): never {
    throw new Usage(message.replace(/^error: /, ''))
  }
}

/** Parses what was typed with this, and it calls `chosen` with the command that was named. */
export function programOf(table: Table, asking: TypedLine): Line {
  const program = ready(new Line('lighthouse'), asking)
  program.configureHelp({ formatHelp: () => overviewOf(table) })
  program.action(() => {
    const [name] = program.args
    throw name === undefined ? new Usage('a command is missing') : noCommand(name, table)
  })
  const families = new Map<string, Line>()
  for (const [name, definition] of Object.entries(table.commands)) {
    const [first = '', member] = name.split(' ')
    if (member === undefined) {
      declare(ready(program.command(first), asking), { name, definition, asking })
      continue
    }
    const family = families.get(first) ?? familyOf(ready(program.command(first), asking), table, asking)
    families.set(first, family)
    declare(ready(family.command(member), asking), { name, definition, asking })
  }
  return program
}

function ready(line: CommanderCommand, { print }: TypedLine): Line {
  line.exitOverride().configureOutput({ writeOut: print, writeErr: () => undefined })
  line.helpCommand(false).helpOption('-h, --help', HELP_SAYS)
  // The operands stay a plain list: which of them may be left out, the command says in its own words.
  return line.allowExcessArguments().enablePositionalOptions() as Line
}

interface Declared {
  readonly name: string
  readonly definition: Command
  readonly asking: TypedLine
}

function declare(line: Line, { name, definition, asking }: Declared): void {
  addOptions(line, definition)
  line.configureHelp({ formatHelp: () => helpOf(name, definition) })
  const depth = name.split(' ').length
  line.action(() => asking.chosen(name, readBy(line, definition, asking.typed.slice(depth))))
}

function familyOf(line: Line, table: Table, asking: TypedLine): Line {
  const family = line.name()
  const [name, definition] = membersOf(family, table)[0] as [string, Command]
  addOptions(line, definition)
  line.configureHelp({ formatHelp: () => helpOfFamily(family, table) })
  line.action(() => {
    const [word] = line.args
    if (word !== undefined) throw noCommand(`${family} ${word}`, table)
    return asking.chosen(name, readBy(line, definition, asking.typed.slice(1)))
  })
  return line
}

function addOptions(line: Line, { options }: Command): void {
  for (const [name, option] of Object.entries(options)) {
    const added = new Option(option.type === 'boolean' ? `--${name}` : `--${name} <${option.value}>`, option.says)
    if (option.type === 'string' && option.default !== undefined) added.default(option.default)
    if (option.type === 'string' && option.many === true)
      added.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    line.addOption(added)
  }
}

function readBy(line: Line, { options }: Command, args: readonly string[]): Read {
  const values = Object.keys(options).flatMap(name => {
    const attribute = line.options.find(({ long }) => long === `--${name}`)?.attributeName() ?? name
    const value: unknown = line.getOptionValue(attribute)
    return value === undefined ? [] : [[name, value] as const]
  })
  return { words: line.args, options: Object.fromEntries(values), args }
}
