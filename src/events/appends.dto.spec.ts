// The described shapes of appends and the contract's check agree: same fields, same demands, same limits.
import 'reflect-metadata'
import { type AppendBody, batchAppend, remapPointers, singleAppend, streamAppend } from '../appending/append-body.js'
import { checkAppend } from '../contract/check/check-append.js'
import { StoreError } from '../contract/errors.js'
import {
  BatchAppendBody,
  ConditionBody,
  ConditionItemBody,
  EventInStream,
  ExpectationBody,
  MatchBody,
  NewEventBody,
  SingleAppendBody,
  StreamBatchAppendBody,
  StreamSingleAppendBody,
} from './appends.dto.js'

interface Described {
  readonly required?: boolean
  readonly type?: unknown
  readonly isArray?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly pattern?: string
  readonly items?: { readonly maxLength?: number }
  readonly example?: unknown
}

type Class = new () => object

/** What @nestjs/swagger keeps of the decorators, inherited ones included. */
function described(shaped: Class): Map<string, Described> {
  const names: string[] = Reflect.getMetadata('swagger/apiModelPropertiesArray', shaped.prototype)
  return new Map(
    names
      .map(name => name.slice(1))
      .map(name => [name, Reflect.getMetadata('swagger/apiModelProperties', shaped.prototype, name)]),
  )
}

const condition = () => ({ failIfEventsMatch: { items: [{ types: ['a'], tags: ['b'] }] }, after: 1 })
const inStream = () => ({
  type: 'a',
  data: {},
  metadata: {},
  tags: ['a'],
  schemaVersion: 1,
  correlationId: 'a',
  causationId: 'a',
  sessionId: 'a',
  parents: ['1_0_a'],
  occurredAt: '2026-01-31T12:00:00Z',
})
const event = () => ({ ...inStream(), stream: 's' })
const batch = () => ({
  events: [event()],
  expectations: [{ stream: 's', expectedRevision: 1 }],
  condition: condition(),
})

type Whole = Record<string, unknown>

/** A whole body of each shape, and how to reach the described object in it. */
const shapes: [string, Class, () => { body: Whole; at: Whole }, (body: unknown) => AppendBody][] = [
  [
    'one event',
    SingleAppendBody,
    () => whole({ ...event(), expectedRevision: 1, condition: condition() }),
    singleAppend,
  ],
  ['a batch', BatchAppendBody, () => whole(batch()), batchAppend],
  ['an event of a batch', NewEventBody, () => within(batch(), body => body.events[0] as Whole), batchAppend],
  ['an expectation', ExpectationBody, () => within(batch(), body => body.expectations[0] as Whole), batchAppend],
  ['a condition', ConditionBody, () => within(batch(), body => body.condition), batchAppend],
  ['what matches', MatchBody, () => within(batch(), body => body.condition.failIfEventsMatch), batchAppend],
  [
    'an item of it',
    ConditionItemBody,
    () => within(batch(), body => body.condition.failIfEventsMatch.items[0] as Whole),
    batchAppend,
  ],
  [
    'one event of a stream',
    StreamSingleAppendBody,
    () => whole({ ...inStream(), condition: condition() }),
    body => streamAppend(body, 's'),
  ],
  [
    'a batch of a stream',
    StreamBatchAppendBody,
    () => whole({ events: [inStream()], condition: condition() }),
    body => streamAppend(body, 's'),
  ],
  [
    'an event of it',
    EventInStream,
    () => within({ events: [inStream()] }, body => body.events[0] as Whole),
    body => streamAppend(body, 's'),
  ],
]

function whole(body: Whole): { body: Whole; at: Whole } {
  return { body, at: body }
}

function within<B extends object>(body: B, reach: (body: B) => object): { body: Whole; at: Whole } {
  return { body: body as Whole, at: reach(body) as Whole }
}

function accepts(body: unknown, append: (body: unknown) => AppendBody): boolean {
  try {
    const { asked, pointer } = append(body)
    try {
      checkAppend({ ...asked, author: { agentId: 'a' } })
    } catch (error) {
      throw remapPointers(pointer, error as StoreError)
    }
    return true
  } catch (error) {
    expect((error as StoreError).name).toBe('StoreError')
    return false
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** Values at the described limit, and one step beyond it. */
function edgesOf({ maxLength, maxItems, minimum, items }: Described, good: unknown): [unknown, unknown][] {
  const edges: [unknown, unknown][] = []
  if (maxLength !== undefined) edges.push(['a'.repeat(maxLength), 'a'.repeat(maxLength + 1)])
  if (maxItems !== undefined) {
    const distinct = (count: number) => Array.from({ length: count }, (_, n) => renamed((good as unknown[])[0], n))
    edges.push([distinct(maxItems), distinct(maxItems + 1)])
  }
  if (items?.maxLength !== undefined) edges.push([['a'.repeat(items.maxLength)], ['a'.repeat(items.maxLength + 1)]])
  if (minimum !== undefined) edges.push([minimum, minimum - 1])
  return edges
}

/** Expectations must name different streams. */
function renamed(item: unknown, n: number): unknown {
  const isExpectation = typeof item === 'object' && item !== null && 'expectedRevision' in item
  return isExpectation ? { ...item, stream: `${LETTERS[n % 26]}${n}` } : item
}

describe.each(shapes)('%s', (_, shaped, make, append) => {
  const properties = described(shaped)

  test('has the described fields and no other', () => {
    const { body, at } = make()
    expect(Object.keys(at).toSorted()).toEqual([...properties.keys()].toSorted())
    expect(accepts(body, append)).toBe(true)
    at['unknown'] = 1
    expect(accepts(body, append)).toBe(false)
  })

  test('demands what is described as required', () => {
    for (const [name, { required = true }] of properties) {
      const { body, at } = make()
      delete at[name]
      expect([name, accepts(body, append)]).toEqual([name, !required])
    }
  })

  test('ends where the description says', () => {
    for (const [name, property] of properties) {
      for (const [good, bad] of edgesOf(property, make().at[name])) {
        for (const [value, fits] of [
          [good, true],
          [bad, false],
        ] as const) {
          const { body, at } = make()
          at[name] = value
          // Its expectation names the same stream as the event, whatever that is.
          expect([name, accepts(body, append)]).toEqual([name, fits])
        }
      }
    }
  })
})
