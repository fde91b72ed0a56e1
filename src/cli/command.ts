// What a command of the command line is, how its arguments are understood, and how its usage is printed.
import { parseArgs } from 'node:util'
import { closest } from './closest.js'
import { Usage } from './usage-error.js'

export interface Terminal {
  /** Its result is awaited before more is printed, because the reader may be slow or gone. */
  out(text: string): unknown
  err(text: string): void
}

interface Flag {
  readonly type: 'boolean'
  readonly says: string
}

interface ValueOption {
  readonly type: 'string'
  /** What stands for the value in the usage, such as `URL`. */
  readonly value: string
  readonly says: string
  readonly default?: string
}

type Options = Readonly<Record<string, Flag | ValueOption>>

/** `<dir>` has to be given, `[dir]` may be. */
type Operands = readonly string[]

type OperandValues<P extends Operands> = {
  readonly [K in keyof P]: P[K] extends `[${string}` ? string | undefined : string
}

interface CommandLine<P extends Operands, O extends Options> {
  readonly operands: OperandValues<P>
  readonly options: ReturnType<typeof parseArgs<{ options: O }>>['values']
  /** As they were typed. */
  readonly args: readonly string[]
}

interface Definition<P extends Operands, O extends Options> {
  readonly summary: string
  readonly operands: P
  readonly options: O
  /** What the usage says after the options. */
  readonly more?: string
  /** What to do next after an error of a store, where the remedy of the catalogue does not fit. */
  readonly next?: Readonly<Record<string, (directory: string) => string>>
  /** Resolves with the exit code. */
  readonly run: (line: CommandLine<P, O>, terminal: Terminal) => Promise<number>
}

export interface Command {
  readonly summary: string
  readonly operands: Operands
  readonly options: Options
  readonly more?: string
  readonly next: Readonly<Record<string, (directory: string) => string>>
  readonly run: (args: readonly string[], terminal: Terminal) => Promise<number>
}

const HELP = { help: { type: 'boolean', short: 'h', says: 'print this text' } } as const

/** The types of what is parsed are known here alone, so that commands of all kinds fit into one table. */
export function command<const P extends Operands, const O extends Options>(definition: Definition<P, O>): Command {
  const { operands, options, next = {}, run } = definition
  return {
    ...definition,
    next,
    run: (args, terminal) => {
      const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
      return run({ operands: fitting(operands, positionals), options: values, args }, terminal)
    },
  }
}

/** Whether help is asked for. An option that does not exist is refused here, where its name is known. */
export function wantsHelp(args: readonly string[], { options }: Command): boolean {
  const known = { ...options, ...HELP }
  const { tokens } = parseArgs({ args: [...args], options: known, strict: false, tokens: true })
  const given = tokens.filter(token => token.kind === 'option')
  if (given.some(({ name }) => name === 'help')) return true
  const unknown = given.find(({ name }) => !Object.hasOwn(known, name))
  if (unknown === undefined) return false
  const near = closest(unknown.name, Object.keys(known))
  throw new Usage(`there is no option ${unknown.rawName}${near === undefined ? '' : `; did you mean --${near}?`}`)
}

function fitting<P extends Operands>(operands: P, given: readonly string[]): OperandValues<P> {
  const missing = operands.find((name, at) => name.startsWith('<') && (given[at] ?? '') === '')
  if (missing !== undefined) throw new Usage(`${missing} is missing`)
  const more = given.slice(operands.length)
  if (more.length > 0) throw new Usage(`it takes ${operands.join(' ') || 'nothing'}, and not also ${more.join(' ')}`)
  return operands.map((_, at) => given[at]) as OperandValues<P>
}

export function usageOf(name: string, { summary, operands, options, more }: Command): string {
  const rows = Object.entries({ ...options, ...HELP }).map(([option, { says, ...of }]): Row => {
    return [`--${option}${'value' in of ? ` ${of.value}` : ''}`, says]
  })
  const first = ['Usage: lighthouse', name, ...operands, '[options]'].join(' ')
  return [first, '', summary, '', ...inColumns(rows), ...(more === undefined ? [] : ['', more])].join('\n')
}

export type Row = readonly [string, string]

export function inColumns(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
