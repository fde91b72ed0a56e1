// Runs the command that is named, and turns what comes of it into output and an exit code.
import { CommanderError } from 'commander'
import { NEWER_NODE, tooOldNode } from '../config/node-version.js'
import { BadSettings } from '../config/parse-settings.js'
import { codeOf, ERRORS, StoreError } from '../contract/errors.js'
import { BadOptions } from '../server/start-options.js'
import type { Read, Terminal } from './command.js'
import { TABLE } from './commands.js'
import { EXIT } from './exit.js'
import { overviewOf } from './help.js'
import { programOf } from './line.js'
import { NoSecret, NoServer, Refused, Usage } from './usage-error.js'

const OTHER_NAMES: ReadonlyMap<string | undefined, string> = new Map([
  ['--version', 'version'],
  ['-v', 'version'],
])

export async function run(given: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = given
  const other = OTHER_NAMES.get(first)
  const typed = other === undefined ? given : [other, ...rest]
  let chosen: Chosen | undefined
  try {
    const parsed = parse(typed)
    if ('name' in parsed) {
      chosen = parsed
      return await named(parsed).run(parsed.read, terminal)
    }
    await terminal.out(parsed.help)
    return EXIT.clean
  } catch (error) {
    if (typed.length > 0) return failed(error, { name: nameIn(typed), chosen }, terminal)
    terminal.err(`${overviewOf(TABLE)}\n\nlighthouse: ${(error as Error).message}`)
    return EXIT.usage
  }
}

interface Chosen {
  readonly name: string
  readonly read: Read
}

function named({ name }: Chosen) {
  return TABLE.commands[name] as (typeof TABLE.commands)[string]
}

/** The command that is named and what it was given, or the help that was asked for. */
function parse(typed: readonly string[]): Chosen | { readonly help: string } {
  const found: Chosen[] = []
  let help = ''
  const program = programOf(TABLE, {
    typed,
    chosen: (name, read) => void found.push({ name, read }),
    print: text => {
      help += text
    },
  })
  try {
    program.parse([...typed], { from: 'user' })
  } catch (error) {
    // Commander ends so where it has printed the help.
    if (!(error instanceof CommanderError)) throw error
  }
  return found[0] ?? { help: help.trimEnd() }
}

/** The longest run of words that is the name of a command or of a family of them. */
function nameIn([first = '', second]: readonly string[]): string | undefined {
  const both = `${first} ${second}`
  if (Object.hasOwn(TABLE.commands, both)) return both
  const known = Object.hasOwn(TABLE.commands, first) || Object.hasOwn(TABLE.families, first)
  return known && first !== 'help' ? first : undefined
}

/** The server has looked, and the answer is no; to ask again changes nothing. */
const NO: ReadonlySet<string> = new Set([
  'NOT_FOUND',
  'REVISION_CONFLICT',
  'CONDITION_FAILED',
  'PRECONDITION_FAILED',
  'KEY_REUSED',
  'STALE_DELIVERY',
  'SUBSCRIPTION_CONFLICT',
])

interface Place {
  readonly name: string | undefined
  /** Undefined where the command line was not understood. */
  readonly chosen: Chosen | undefined
}

/** Says what went wrong, in the last line what to do next. Node would end with 1, which scripts take for a corrupt store. */
function failed(error: unknown, { name, chosen }: Place, terminal: Terminal): number {
  if (error instanceof BadSettings || error instanceof BadOptions) {
    terminal.err(error.message)
    return EXIT.usage
  }
  if (error instanceof Usage) {
    const command = name === undefined ? '' : ` ${name}`
    terminal.err(`lighthouse${command}: ${error.message}\nSee lighthouse${command} --help`)
    return (name !== undefined && TABLE.commands[name]?.mistake) || EXIT.usage
  }
  if (error instanceof Refused) {
    terminal.err(error.next === undefined ? error.message : `${error.message}\nNext: ${error.next}`)
    return NO.has(error.code) ? EXIT.no : EXIT.unable
  }
  // Who has stopped reading, as `head` does, wants to hear no more.
  if (codeOf(error) !== 'EPIPE') terminal.err(unable(error, chosen))
  return EXIT.unable
}

function unable(error: unknown, chosen: Chosen | undefined): string {
  if (error instanceof NoServer || error instanceof NoSecret) return error.message
  if (error instanceof StoreError) return explain(error, chosen)
  // An error of the system about a file or the terminal is no defect and is not reported as one.
  const { syscall, message } = error as NodeJS.ErrnoException
  if (syscall !== undefined) return `That could not be done: ${message}`
  // What an old Node does not have is found missing where it is loaded, and that is no defect either.
  const old = tooOldNode()
  return old === undefined
    ? `${ERRORS.INTERNAL.title}: ${String(error)}`
    : `This Node is too old for the command: ${old}\nNext: ${NEWER_NODE}.`
}

function explain({ code, message }: StoreError, chosen: Chosen | undefined): string {
  const next = chosen && named(chosen).next?.[code]?.(chosen.read.words[0] ?? '')
  return `${ERRORS[code].title}: ${message}\nNext: ${next ?? ERRORS[code].remedy}`
}
