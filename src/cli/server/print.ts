// How events and tables are printed for people, with colours where a terminal shows them.
import type { RecordedEvent } from '#client'
import type { Terminal } from '../command.js'
import { reportJson } from '../report-json.js'

const COLOURS = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36, bold: 1 } as const
type Colour = keyof typeof COLOURS

export function coloured(text: string, colour: Colour, { colours = false }: Terminal): string {
  return colours ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text
}

/** A terminal obeys control characters, and what an agent has written must not give it orders. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, found => {
    return `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}

export function eventLine(event: RecordedEvent, terminal: Terminal): string {
  const { position, timestamp, type, stream, agentId, data } = event
  return [
    coloured(String(position), 'dim', terminal),
    coloured(`${timestamp.slice(0, 23)}Z`, 'dim', terminal),
    coloured(type, 'cyan', terminal),
    coloured(stream, 'green', terminal),
    coloured(agentId, 'yellow', terminal),
    harmless(JSON.stringify(data)),
  ].join(' ')
}

/** `{position} {type} {data.text}`: each path in braces is replaced by what the event has there, or by nothing. */
export function formatted(format: string, event: RecordedEvent): string {
  return format
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n')
    .replaceAll(/\{([A-Za-z_$][^{}]*)\}/g, (_, path: string) => textOf(at(event, path.split('.'))))
}

function at(value: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return value
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, first)) return undefined
  return at((value as Record<string, unknown>)[first], rest)
}

function textOf(value: unknown): string {
  if (value === undefined) return ''
  return harmless(typeof value === 'string' ? value : JSON.stringify(value))
}

export function eventPrinter(wish: { readonly json?: boolean; readonly format?: string }, terminal: Terminal) {
  const { json = false, format } = wish
  if (json) return (event: RecordedEvent) => JSON.stringify(event)
  if (format !== undefined) return (event: RecordedEvent) => formatted(format, event)
  return (event: RecordedEvent) => eventLine(event, terminal)
}

type Cell = string | number | undefined

/** Columns as wide as what stands in them; numbers to the right. */
export function inTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const all = [head, ...rows.map(row => row.map(cell => (cell === undefined ? '-' : harmless(String(cell)))))]
  const widths = head.map((_, at) => Math.max(...all.map(row => row[at]?.length ?? 0)))
  const numeric = head.map((_, at) => rows.length > 0 && rows.every(row => typeof row[at] === 'number'))
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (numeric[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join('  ')
  return all.map(row => line(row).trimEnd()).join('\n')
}

/** Many lines go out in few writes, each of which waits for the reader. */
export class Lines {
  private readonly waiting: string[] = []
  private chars = 0

  constructor(private readonly terminal: Terminal) {}

  async add(line: string): Promise<void> {
    this.waiting.push(line)
    this.chars += line.length
    if (this.chars > 32_768) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.waiting.length === 0) return
    this.chars = 0
    await this.terminal.out(this.waiting.splice(0).join('\n'))
  }
}

/** A table for people, or one object a line. */
export async function printRows(
  rows: readonly object[],
  { json, table, none }: { readonly json: boolean | undefined; readonly table: () => string; readonly none: string },
  terminal: Terminal,
): Promise<void> {
  if (json) {
    const lines = new Lines(terminal)
    for (const row of rows) await lines.add(JSON.stringify(row))
    await lines.flush()
  } else if (rows.length === 0) terminal.err(none)
  else await terminal.out(table())
}

export async function printObject(value: unknown, terminal: Terminal): Promise<void> {
  await terminal.out(reportJson(value))
}
