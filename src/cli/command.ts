// What a command of the command line is: its help, its operands and options with their types, and what it does.
import type { Variables } from '../config/load-settings.js'
import { Usage } from './usage-error.js'

export interface Terminal {
  /** Its result is awaited before more is printed, because the reader may be slow or gone. */
  out(text: string): unknown
  err(text: string): void
  /** Those of the process, when left out. */
  readonly env?: Variables
  readonly colours?: boolean
  /** Shows a text instead of the one that it has shown before, where standard error is a terminal; '' takes it away. */
  readonly redraw?: ((text: string) => void) | undefined
  /** Standard input. */
  readonly input?: AsyncIterable<Buffer>
  /** Asked by who can end in an orderly way: it aborts when Ctrl-C is pressed. Until then Ctrl-C ends the process. */
  readonly interrupted?: () => AbortSignal
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
  /** It may be given several times; its values come as a list. */
  readonly many?: true
}

export type Options = Readonly<Record<string, Flag | ValueOption>>

/** `<dir>` has to be given, `[dir]` may be, and `[dir...]` any number of times. */
type Operands = readonly string[]

type OperandValues<P extends Operands> = {
  readonly [K in keyof P]: P[K] extends `${string}...${string}`
    ? readonly string[]
    : P[K] extends `[${string}`
      ? string | undefined
      : string
}

type ValueOf<O> = O extends { type: 'boolean' } ? boolean : O extends { many: true } ? readonly string[] : string
type Defaulted<O extends Options> = { [K in keyof O]: O[K] extends { default: string } ? K : never }[keyof O]

export type OptionValues<O extends Options> = { readonly [K in Defaulted<O>]: string } & {
  readonly [K in Exclude<keyof O, Defaulted<O>>]?: ValueOf<O[K]>
}

interface CommandLine<P extends Operands, O extends Options> {
  readonly operands: OperandValues<P>
  readonly options: OptionValues<O>
  /** As they were typed. */
  readonly args: readonly string[]
}

/** A command line that can be typed as it stands, and what it does. */
export type Example = readonly [line: string, does: string]

interface About {
  readonly summary: string
  readonly examples: readonly Example[]
  /** What the help says at its end. */
  readonly more?: string
  /** The exit code of what is not understood, where 2 has another meaning. */
  readonly mistake?: number
  /** What to do next after an error of a store, where the remedy of the catalogue does not fit. */
  readonly next?: Readonly<Record<string, (directory: string) => string>>
}

interface Definition<P extends Operands, O extends Options> extends About {
  readonly operands: P
  readonly options: O
  /** Resolves with the exit code. */
  readonly run: (line: CommandLine<P, O>, terminal: Terminal) => Promise<number>
}

/** What the parser has read: the words that are no options, and the options by the names they are declared with. */
export interface Read {
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly args: readonly string[]
}

export interface Command extends About {
  readonly operands: Operands
  readonly options: Options
  readonly run: (read: Read, terminal: Terminal) => Promise<number>
}

/** The types of what is read are known here alone, so that commands of all kinds fit into one table. */
export function command<const P extends Operands, const O extends Options>(definition: Definition<P, O>): Command {
  const { operands, run } = definition
  return {
    ...definition,
    run: ({ words, options, args }, terminal) =>
      run({ operands: fitting(operands, words), options: options as OptionValues<O>, args }, terminal),
  }
}

function fitting<P extends Operands>(operands: P, given: readonly string[]): OperandValues<P> {
  const missing = operands.find((name, at) => name.startsWith('<') && (given[at] ?? '') === '')
  if (missing !== undefined) throw new Usage(`${missing} is missing`)
  const last = operands.length - 1
  const many = operands[last]?.includes('...') === true
  const more = many ? [] : given.slice(operands.length)
  if (more.length > 0) throw new Usage(`it takes ${operands.join(' ') || 'nothing'}, and not also ${more.join(' ')}`)
  return operands.map((_, at) => (many && at === last ? given.slice(at) : given[at])) as OperandValues<P>
}

export type Row = readonly [string, string]

/** As wide as a terminal mostly is. */
const WIDTH = 100

export function inColumns(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.flatMap(([left, right]) => {
    const [first = '', ...more] = wrapped(right, WIDTH - width - 4)
    return [`  ${left.padEnd(width)}  ${first}`, ...more.map(line => `${' '.repeat(width + 4)}${line}`)]
  })
}

/** Breaks a text between words into lines of at most so many characters. */
export function wrapped(text: string, width = WIDTH): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}
