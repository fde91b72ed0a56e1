// An answer as it looks to somebody who knows only the events a token may read: their ids are names, and a position is how many of them lie up to it.
import type { Kept, View } from './twin.js'

/**
 * What a position tells beyond how many events that may be seen lie up to it, its holder learns from the head that every
 * answer has: that something else was stored.
 */
const POSITIONS = new Set([
  'position',
  'head',
  'floor',
  'start',
  'firstPosition',
  'lastPosition',
  'after',
  'next',
  'from',
])
/** Headers that no event has any part in. */
const IGNORED_HEADERS =
  /^(date|connection|keep-alive|content-length|transfer-encoding|x-correlation-id|ratelimit.*|retry-after|vary|lighthouse-lineage)$/
const OF_THIS_SERVER = new Set([
  'traceId',
  'ms',
  'checksum',
  'cursor',
  'token',
  'uptimeSeconds',
  'live',
  'expiresAt',
  'lineage',
])
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g
const SNAPSHOT_ID = /\b[0-9a-f]{32}-[0-9a-f]{16}\b/g

export class Sight {
  private readonly names: ReadonlyMap<string, string>
  private readonly positions: readonly number[]
  private readonly ids: RegExp | undefined

  constructor({ visible }: Pick<View, 'visible'>) {
    this.names = new Map(visible.map(({ id }, n) => [id, `event ${n}`]))
    this.positions = visible.map(({ position }) => position)
    const texts = visible.map(({ id }: Kept) => id)
    this.ids = texts.length === 0 ? undefined : new RegExp(texts.join('|'), 'g')
  }

  of(value: unknown, key = ''): unknown {
    if (OF_THIS_SERVER.has(key)) return value === null || value === undefined ? value : `# ${key}`
    if (typeof value === 'number') return POSITIONS.has(key) ? this.rank(value) : value
    // An attribute of a CloudEvent is a text.
    if (key === 'position' && typeof value === 'string') return this.rank(Number(value))
    if (typeof value === 'string') return this.ofText(value, key)
    if (Array.isArray(value)) return value.map(item => this.of(item, key))
    if (typeof value !== 'object' || value === null) return value
    return key === 'headers' ? this.ofHeaders(value) : this.ofObject(value)
  }

  private ofObject(value: object): unknown {
    const { lag, head, floor, code, status } = value as Record<string, unknown>
    const shown = Object.entries(value).map(([name, item]) => [ofSettings(name), this.of(item, name)] as const)
    const found: Record<string, unknown> = Object.fromEntries(shown)
    // It says no more than the two positions it is the difference of.
    if (typeof lag === 'number' && lag === (head as number) - (floor as number)) found['lag'] = 'head - floor'
    if (typeof code === 'string' && typeof status === 'number') this.asProblem(found)
    return found
  }

  /** Its words may say what the head is; its path holds the position that was asked for, its correlation is of the request. */
  private asProblem(problem: Record<string, unknown>): void {
    problem['correlationId'] = '# correlationId'
    problem['instance'] = String(problem['instance']).replace(/\/\d+$/, '/#')
    if (typeof problem['detail'] === 'string') problem['detail'] = problem['detail'].replace(/\b\d+\b/g, '#')
    problem['errors'] = JSON.stringify(problem['errors'])?.replace(/\b\d+\b/g, '#')
  }

  private ofHeaders(headers: object): unknown {
    const told = Object.entries(headers as Record<string, string>).filter(([name]) => !IGNORED_HEADERS.test(name))
    const shown = told.map(([name, text]) => {
      if (name === 'lighthouse-position') return [name, this.rank(Number(text))]
      return [name, this.ofText(text, name).replace(/cursor=[^&>]+/, 'cursor=#')]
    })
    return Object.fromEntries(shown)
  }

  private ofText(text: string, key: string): string {
    // The next of a list of names is one of them; that of events is sealed and holds positions.
    if (key === 'next' && /^[\w-]{24,}$/.test(text)) return '# cursor'
    const named = this.ids === undefined ? text : text.replace(this.ids, id => this.names.get(id) as string)
    return named.replace(TIME, '# time').replace(SNAPSHOT_ID, '# snapshot')
  }

  /** Bisection is not worth it: a history of this test is short. */
  private rank(position: number): string {
    return `${this.positions.filter(one => one <= position).length} seen`
  }
}

/** The two servers have other settings, such as their directory. */
function ofSettings(series: string): string {
  return series.replace(/^lighthouse_config_info\{hash="\w+"/, 'lighthouse_config_info{hash="#"')
}

/** Where two answers differ, each place on a line of its own. */
export function differences(one: unknown, other: unknown, path = ''): string[] {
  if (isTree(one) && isTree(other) && Array.isArray(one) === Array.isArray(other)) {
    const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])]
    return keys.flatMap(key => differences(one[key], other[key], `${path}/${key}`))
  }
  const [told, same] = [JSON.stringify(one), JSON.stringify(other)]
  return told === same ? [] : [`${path}: ${told?.slice(0, 200)} with them, ${same?.slice(0, 200)} without`]
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
