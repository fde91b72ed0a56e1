// `lighthouse query`: finds events by their content; the conditions are words such as `type=TaskDone data.score>=0.8`.
import type { QueryRequest, Scalar, Where } from '#client'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { Usage } from '../usage-error.js'
import type { Wish } from './address.js'
import { numberFrom, objectOf } from './options.js'
import { eventPrinter, Lines } from './print.js'
import { withServer } from './server.js'

interface QueryWish extends Wish {
  readonly where?: string
  readonly select?: readonly string[]
  readonly 'order-by'?: string
  readonly limit?: string
  readonly format?: string
  readonly json?: boolean
}

export async function printFound(words: readonly string[], wish: QueryWish, terminal: Terminal): Promise<number> {
  const request: QueryRequest = {
    where: whereOf(words, wish.where),
    orderBy: orderOf(wish['order-by']),
    limit: numberFrom('limit', wish.limit),
  }
  const line = eventPrinter(wish, terminal)
  const lines = new Lines(terminal)
  await withServer(wish, terminal, async ({ lighthouse }) => {
    if (wish.select === undefined) for await (const event of lighthouse.query(request)) await lines.add(line(event))
    else
      for await (const row of lighthouse.query({ ...request, select: wish.select }))
        await lines.add(JSON.stringify(row))
  })
  await lines.flush()
  return EXIT.clean
}

function whereOf(words: readonly string[], json: string | undefined): Where {
  const conditions = words.map(conditionOf)
  if (json !== undefined) conditions.push(objectOf(json, '--where') as Where)
  const [first] = conditions
  if (first === undefined) throw new Usage('a condition is missing, such as type=TaskDone')
  return conditions.length === 1 ? first : { and: conditions }
}

const OPERATORS = { '=': 'eq', '!=': 'ne', '>=': 'gte', '<=': 'lte', '>': 'gt', '<': 'lt', '~': 'like' } as const

function conditionOf(word: string): Where {
  const [, field, sign, value] = /^([^=!<>~\s]+)(>=|<=|!=|=|>|<|~)(.*)$/s.exec(word) ?? []
  if (field === undefined || value === undefined)
    throw new Usage(`a condition is written as FIELD=VALUE, also with != > >= < <= or ~ for a pattern, and not ${word}`)
  return { [field]: { [OPERATORS[sign as keyof typeof OPERATORS]]: scalarOf(value) } } as Where
}

/** As JSON where it is a plain value of it, else as the text that it is. */
function scalarOf(text: string): Scalar {
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || typeof value !== 'object') return value as Scalar
  } catch {
    // Most words are no JSON.
  }
  return text
}

function orderOf(text: string | undefined): QueryRequest['orderBy'] {
  if (text === undefined) return undefined
  const [, field = '', order] = /^(.+?)(?::(asc|desc))?$/.exec(text) ?? []
  return { field, order: order as 'asc' | 'desc' | undefined }
}
