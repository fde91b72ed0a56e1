// The body of a query as it is read: all its faults at once, and cursors that belong to it.
import { writeQueryCursor } from './query-cursor.js'
import { readQueryBody } from './read-query-body.js'

const where = { field: 'position', op: 'exists' }

function faults(body: unknown): string[] {
  try {
    readQueryBody(body)
    return []
  } catch (error) {
    const { code, errors } = error as { code: string; errors: { pointer: string }[] }
    expect(code).toBe('INVALID_REQUEST')
    return errors.map(({ pointer }) => pointer).sort()
  }
}

test.each<[string, unknown, string[]]>([
  ['nothing at all', undefined, ['']],
  ['no conditions', {}, ['/where']],
  ['conditions in a list', { where: [where] }, ['/where']],
  [
    'faults everywhere',
    { where: { field: 'x', op: 'is' }, limit: 0, select: ['y'], orderBy: { field: 'z', order: 'up' }, page: 1 },
    ['/limit', '/orderBy/field', '/orderBy/order', '/page', '/select/0', '/where/field', '/where/op'],
  ],
  ['a cursor of nobody', { where, cursor: 'abc' }, ['/cursor']],
])('%s is refused', (_, body, pointers) => {
  expect(faults(body)).toEqual(pointers)
})

test('a cursor is read back for its query only, whatever limit and select are', () => {
  const { text } = readQueryBody({ where, orderBy: { field: 'data.a', order: 'desc' } })
  const cursor = writeQueryCursor({ head: 9, position: 4, key: [1, 'é'] }, text)
  const same = { where, orderBy: { field: '/data/a', order: 'desc' }, limit: 3, select: ['type'], cursor }
  expect(readQueryBody(same).cursor).toEqual({ head: 9, position: 4, key: [1, 'é'] })
  expect(faults({ where, orderBy: { field: 'data.a' }, cursor })).toEqual(['/cursor'])
  expect(faults({ where, cursor })).toEqual(['/cursor'])
  const keyless = writeQueryCursor({ head: 9, position: 4 }, text)
  expect(faults({ ...same, cursor: keyless })).toEqual(['/cursor'])
})
