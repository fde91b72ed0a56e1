// Reads the body of a query and reports the faults of its fields, conditions and paths together. Pure.

import { isObject } from '../contract/check/field-checks.js'
import { FieldFindings } from '../contract/check/field-findings.js'
import { type FieldPath, type ReadPath, readPath } from '../contract/check/field-path.js'
import { StoreError } from '../contract/errors.js'
import { validatorOf } from '../wire/validator.js'
import { QueryDto } from './indexing.dto.js'
import { type QueryCursor, readQueryCursor } from './query-cursor.js'
import { QUERY_LIMITS } from './query-limits.js'
import type { Order } from './sort-key.js'
import { readWhere, type WhereCondition } from './where.js'

export interface Selected {
  /** The path as the client wrote it, which is also the key in the answer. */
  readonly name: string
  readonly path: FieldPath
}

export interface Query {
  readonly where: WhereCondition
  readonly select: readonly Selected[] | undefined
  readonly order: Order
  /** Undefined when the order is that of positions, which needs no sorting. */
  readonly sortBy: FieldPath | undefined
  readonly limit: number
  readonly cursor: QueryCursor | undefined
  /** Cursors are sealed with this text, so that a cursor fits only the query it was made for. */
  readonly text: string
}

const shape = validatorOf(QueryDto)
/** Ids and timestamps rise with the position, so ordering by them needs no sorting. */
const ORDERED_LIKE_POSITION: ReadonlySet<string> = new Set(['position', 'id', 'timestamp'])

export function readQueryBody(body: unknown): Query {
  const findings = new FieldFindings()
  const dto = shaped(body, findings)
  const given = isObject(body) ? body : {}
  const where = isObject(given['where']) ? readWhere(given['where'], '/where', findings) : undefined
  const select = selected(given['select'], findings)
  const sortBy = orderField(given['orderBy'], findings)
  findings.settle()
  const { limit = QUERY_LIMITS.limitDefault, cursor, orderBy } = dto as QueryDto
  const order = orderBy?.order ?? 'asc'
  const text = JSON.stringify([where, order, sortBy ?? null])
  return {
    where: where as WhereCondition,
    select,
    order,
    sortBy,
    limit,
    cursor: cursor === undefined ? undefined : readQueryCursor(cursor, text, sortBy !== undefined),
    text,
  }
}

/** The DTO does not check what is inside `where`, so its faults are collected and reported with those found there. */
function shaped(body: unknown, findings: FieldFindings): QueryDto | undefined {
  try {
    return shape.body(body)
  } catch (error) {
    if ((error as StoreError).code !== 'INVALID_REQUEST') throw error
    for (const { pointer, detail } of (error as StoreError).errors) findings.add('INVALID_REQUEST', pointer, detail)
    return undefined
  }
}

function selected(select: unknown, findings: FieldFindings): readonly Selected[] | undefined {
  if (!Array.isArray(select) || select.length > QUERY_LIMITS.selectFields) return undefined
  const fields = new Map<string, FieldPath>()
  for (const [i, name] of select.entries()) {
    if (typeof name !== 'string') continue
    const path = pathOf(readPath(name), `/select/${i}`, findings)
    if (path !== undefined && name !== 'id' && name !== 'position') fields.set(name, path)
  }
  return [...fields].map(([name, path]) => ({ name, path }))
}

function orderField(orderBy: unknown, findings: FieldFindings): FieldPath | undefined {
  const field = isObject(orderBy) ? orderBy['field'] : undefined
  if (typeof field !== 'string') return undefined
  const path = pathOf(readPath(field), '/orderBy/field', findings)
  return path === undefined || ORDERED_LIKE_POSITION.has(path.field) ? undefined : path
}

function pathOf(read: ReadPath, pointer: string, findings: FieldFindings): FieldPath | undefined {
  if ('path' in read) return read.path
  findings.add('INVALID_REQUEST', pointer, read.fault)
  return undefined
}
