// The help: of everything, of a family of commands, and of one.
import { closest } from './closest.js'
import { type Command, inColumns, type Row, wrapped } from './command.js'
import { Usage } from './usage-error.js'

export const HELP_SAYS = 'print this text'

/** Commands of one name are a family: `groups list`, `groups take`. Named alone it does what its first member does. */
export interface Family {
  readonly summary: string
}

export interface Table {
  readonly commands: Readonly<Record<string, Command>>
  readonly families: Readonly<Record<string, Family>>
}

/** Families count as commands. Where nothing is near, a family says what it has. */
export function noCommand(name: string, table: Table): Usage {
  const { commands, families } = table
  const near = closest(name, [...Object.keys(commands), ...Object.keys(families)])
  const [family = ''] = name.split(' ')
  const members = membersOf(family, table).map(([member]) => member.slice(family.length + 1))
  const listed = members.length === 0 ? '' : `; its commands are ${members.join(', ')}`
  return new Usage(
    `there is no command ${JSON.stringify(name)}${near === undefined ? listed : `; did you mean ${near}?`}`,
  )
}

/** What `lighthouse help <name>` prints; throws where there is no such command. */
export function helpOn(name: string, table: Table): string {
  if (Object.hasOwn(table.families, name)) return helpOfFamily(name, table)
  const definition = Object.hasOwn(table.commands, name) ? table.commands[name] : undefined
  if (definition === undefined) throw noCommand(name, table)
  return helpOf(name, definition)
}

/** The examples stand first: who asks for help most often wants to see a line to type. */
export function helpOf(name: string, { summary, examples, operands, options, more }: Command): string {
  const rows = Object.entries(options).map(([option, { says, ...of }]): Row => {
    return [`--${option}${'value' in of ? ` ${of.value}` : ''}`, says]
  })
  return [
    ...wrapped(`lighthouse ${name}: ${summary}`),
    '',
    ...shownExamples(examples),
    '',
    ['Usage: lighthouse', name, ...operands, '[options]'].join(' '),
    '',
    ...inColumns([...rows, ['--help', HELP_SAYS]]),
    ...(more === undefined ? [] : ['', ...wrapped(more)]),
  ].join('\n')
}

function shownExamples(examples: Command['examples']): string[] {
  return ['Examples:', ...examples.flatMap(([line, does]) => [`  # ${does}`, `  ${line}`])]
}

export function helpOfFamily(family: string, table: Table): string {
  const members = membersOf(family, table)
  const examples = members.flatMap(
    ([
      ,
      {
        examples: [first],
      },
    ]) => (first === undefined ? [] : [first]),
  )
  const rows = members.map(([name, { summary }]): Row => [name.slice(family.length + 1), summary])
  return [
    `lighthouse ${family}: ${table.families[family]?.summary}`,
    '',
    ...shownExamples(examples),
    '',
    `Usage: lighthouse ${family} <command> [options]`,
    '',
    ...inColumns(rows),
    '',
    `Alone it is: lighthouse ${members[0]?.[0]}`,
    `lighthouse ${family} <command> --help says what a command takes.`,
  ].join('\n')
}

export function membersOf(family: string, { commands }: Table): [string, Command][] {
  return Object.entries(commands).filter(([name]) => name.startsWith(`${family} `))
}

export function overviewOf({ commands, families }: Table): string {
  const rows = new Map<string, string>()
  for (const [name, { summary }] of Object.entries(commands)) {
    const [first = ''] = name.split(' ')
    rows.set(first, families[first]?.summary ?? summary)
  }
  return `Usage: lighthouse <command> [options]

${inColumns([...rows]).join('\n')}

lighthouse <command> --help shows examples, and says what a command takes.

Exit codes: 0 clean or done, 1 the answer is no (corrupt, not there, a condition does not hold),
2 not understood, 3 could not (in use, no such store, a file that is not whole, disk error,
no answer, refused, nobody who reads the output), 130 ended by Ctrl-C; see docs/COMMANDS.md`
}
