// Turns a line of JSON into one for people: the time, the level, the component, the message, and what else it says. Pure.
import { ERRORS } from '../contract/errors.js'

type Line = Readonly<Record<string, unknown>>

const COLOURS: Readonly<Record<string, number>> = { trace: 90, debug: 90, info: 32, warn: 33, error: 31, fatal: 35 }
const GREY = 90

/** What stands in a place of its own, or says nothing to who sits before the terminal. */
const PLACED = new Set(['level', 'timestamp', 'component', 'correlation_id', 'message', 'error', 'err'])

export function textLine(json: string, colours: boolean): string {
  const line = JSON.parse(json) as Line
  const paint = (colour: number, text: string) => (colours && text !== '' ? `\x1b[${colour}m${text}\x1b[0m` : text)
  const level = String(line['level'])
  const head = [
    paint(GREY, timeOfDay(line['timestamp'])),
    paint(COLOURS[level] ?? GREY, level.padEnd(5)),
    shown(line['component']).padEnd(11),
    shown(line['message'] ?? ''),
  ]
  const rest = [...correlationIn(line), ...Object.entries(line).filter(([name]) => !PLACED.has(name))]
  const facts = rest.map(([name, value]) => `${shown(name)}=${quoted(value)}`).join(' ')
  return `${[...head, paint(GREY, facts)].join(' ').trimEnd()}${failureIn(line)}\n`
}

/** In the reader's own time zone, as everything else on a terminal. */
function timeOfDay(timestamp: unknown): string {
  const at = new Date(String(timestamp))
  const two = (part: number) => String(part).padStart(2, '0')
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  return `${time}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** The id of a request helps to find its other lines; the id of the whole run is the same on all others. */
function correlationIn({ correlation_id: id }: Line): [string, unknown][] {
  return typeof id === 'string' && !id.startsWith('run-') ? [['correlation_id', id]] : []
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)
  return shown(text)
}

/** Clients choose some of what is logged, and a terminal would obey their control characters. */
function shown(value: unknown): string {
  return String(value).replaceAll(/\p{Cc}/gu, sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The stack of what the catalogue knows says nothing that its message does not. */
function failureIn({ error, err }: Line): string {
  const { message, stack, code } = (error ?? err ?? {}) as Line
  if (message === undefined) return ''
  const known = typeof code === 'string' && Object.hasOwn(ERRORS, code)
  const text = known || stack === undefined ? String(message) : String(stack)
  return text
    .split('\n')
    .map(part => `\n    ${shown(part)}`)
    .join('')
}
