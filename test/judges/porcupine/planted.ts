// Histories with one violation each, which the checker must refuse, beside the same history without it, which it must not.
import type { Input, Line, Output } from './history.js'

export interface Planted {
  readonly name: string
  readonly right: readonly Line[]
  readonly wrong: readonly Line[]
}

type Step = readonly [Input, Output | null, during?: readonly [call: number, end: number | null]]

/** One after the other, unless a step says when it was. */
function history(model: Line['model'], steps: readonly Step[]): Line[] {
  return steps.map(([input, output, during], i) => {
    const [call, end] = during ?? [i * 10, i * 10 + 5]
    return { model, part: 'planted', client: i, call, return: end, input, output }
  })
}

const planted = (name: string, model: Line['model'], right: readonly Step[], wrong: readonly Step[]): Planted => ({
  name,
  right: history(model, right),
  wrong: history(model, wrong),
})

const event = (ref: string) => ({ ref, stream: 'a', tags: ['t'] })
const append = (ref: string, more: Partial<Input> = {}): Input => ({ op: 'append', events: [event(ref)], ...more })
const expecting = (ref: string, revision: number) => append(ref, { expectations: [{ stream: 'a', revision }] })
const unless = (ref: string, after: number) => append(ref, { condition: { tags: ['t'], after } })
const keyed = (ref: string) => append(ref, { key: 'k', body: ref })
const stored = (first: number): Output => ({ result: 'stored', first })
const duplicate = (first: number): Output => ({ result: 'duplicate', first })
const REUSED: Output = { result: 'reused' }
const moved = (actual: number): Output => ({ result: 'conflict', violations: [{ stream: 'a', actual }] })
const matched = (position: number): Output => ({ result: 'conflict', violations: [{ position }] })
const READ: Input = { op: 'read', tag: 't' }
const seen = (...refs: readonly string[]): Output => ({ events: refs.map((ref, i) => ({ ref, position: i + 1 })) })

const OF_THE_LOG: readonly (readonly [string, readonly Step[], readonly Step[]])[] = [
  [
    'a stale read',
    [
      [append('x'), stored(1)],
      [READ, seen('x')],
    ],
    [
      [append('x'), stored(1)],
      [READ, seen()],
    ],
  ],
  [
    'two reads that see the same append in turns',
    [
      [append('x'), null, [0, 100]],
      [READ, seen(), [10, 20]],
      [READ, seen('x'), [30, 40]],
    ],
    [
      [append('x'), null, [0, 100]],
      [READ, seen('x'), [10, 20]],
      [READ, seen(), [30, 40]],
      [READ, seen('x'), [50, 60]],
    ],
  ],
  [
    'an acknowledged append that is lost',
    [
      [append('x'), stored(1)],
      [append('y'), stored(2)],
      [READ, seen('x', 'y')],
    ],
    [
      [append('x'), stored(2)],
      [append('y'), stored(1)],
      [READ, seen('y')],
    ],
  ],
  [
    'positions against the order of time',
    [
      [append('x'), stored(1)],
      [append('y'), stored(2)],
    ],
    [
      [append('x'), stored(2)],
      [append('y'), stored(1)],
    ],
  ],
  [
    'two appends at one revision',
    [
      [expecting('x', -1), stored(1)],
      [expecting('y', -1), moved(0)],
    ],
    [
      [expecting('x', -1), stored(1)],
      [expecting('y', -1), stored(2)],
    ],
  ],
  [
    'a conflict where none is',
    [
      [append('x'), stored(1)],
      [expecting('y', 0), stored(2)],
    ],
    [
      [append('x'), stored(1)],
      [expecting('y', 0), moved(1)],
    ],
  ],
  [
    'a conflict with a wrong revision',
    [
      [append('x'), stored(1)],
      [expecting('y', 5), moved(0)],
    ],
    [
      [append('x'), stored(1)],
      [expecting('y', 5), moved(3)],
    ],
  ],
  [
    'two winners of one condition',
    [
      [unless('x', 0), stored(1), [0, 20]],
      [unless('y', 0), matched(1), [0, 20]],
    ],
    [
      [unless('x', 0), stored(1), [0, 20]],
      [unless('y', 0), stored(2), [0, 20]],
    ],
  ],
  [
    'a condition broken by what lies before it',
    [
      [append('x'), stored(1)],
      [unless('y', 1), stored(2)],
    ],
    [
      [append('x'), stored(1)],
      [unless('y', 1), matched(1)],
    ],
  ],
  [
    'a doubled key',
    [
      [keyed('x'), stored(1)],
      [keyed('x'), duplicate(1)],
    ],
    [
      [keyed('x'), stored(1)],
      [keyed('x'), stored(2)],
    ],
  ],
  [
    'a key that was not answered and is stored again',
    [
      [keyed('x'), null, [0, 5]],
      [keyed('x'), duplicate(1)],
      [READ, seen('x')],
    ],
    [
      [keyed('x'), null, [0, 5]],
      [keyed('x'), duplicate(2)],
      [READ, seen('x')],
    ],
  ],
  [
    'a key that a read has shown and that is stored again',
    [
      [keyed('x'), null, [0, 5]],
      [READ, seen()],
      [keyed('x'), stored(1)],
      [READ, seen('x')],
    ],
    [
      [keyed('x'), null, [0, 5]],
      [READ, seen('x')],
      [keyed('x'), stored(2)],
    ],
  ],
  [
    'a key that serves another request',
    [
      [keyed('x'), stored(1)],
      [keyed('y'), REUSED],
    ],
    [
      [keyed('x'), stored(1)],
      [keyed('y'), duplicate(1)],
    ],
  ],
]

const deliver = (number: number, attempt: number, latestMs: number): readonly [Input, Output] => [
  { op: 'deliver' },
  { number, attempt, deadlineMs: latestMs + 1_000, latestMs },
]
const LOST_TAKE: Step = [{ op: 'deliver' }, null, [0, 5]]
const settle = (op: 'ack' | 'nack', number: number, result: 'ok' | 'stale'): Step => [{ op, number }, { result }]

const OF_A_DELIVERY: typeof OF_THE_LOG = [
  ['two holders at once', [deliver(1, 1, 0), deliver(2, 2, 1_000)], [deliver(1, 1, 0), deliver(2, 2, 999)]],
  [
    'a token that settles after another was given',
    [deliver(1, 1, 0), deliver(2, 2, 2_000), settle('ack', 1, 'stale'), settle('ack', 2, 'ok')],
    [deliver(1, 1, 0), deliver(2, 2, 2_000), settle('ack', 1, 'ok'), settle('ack', 2, 'stale')],
  ],
  [
    'two tokens that both settle',
    [deliver(1, 1, 0), settle('ack', 1, 'ok'), settle('ack', 1, 'ok')],
    [deliver(1, 1, 0), settle('ack', 1, 'ok'), settle('ack', 2, 'ok')],
  ],
  [
    'what was settled handed out again',
    [deliver(1, 1, 0), settle('nack', 1, 'ok'), deliver(2, 2, 10)],
    [deliver(1, 1, 0), settle('ack', 1, 'ok'), deliver(2, 2, 10)],
  ],
  [
    'a settlement refused to who holds it',
    [deliver(1, 1, 0), settle('nack', 1, 'ok'), settle('ack', 1, 'stale')],
    [deliver(1, 1, 0), settle('ack', 1, 'stale')],
  ],
  [
    'an attempt that is not counted',
    [deliver(1, 1, 0), deliver(2, 2, 2_000)],
    [deliver(1, 1, 0), deliver(2, 1, 2_000)],
  ],
  [
    'more attempts than takes that were not answered',
    [LOST_TAKE, deliver(3, 2, 2_000), settle('ack', 3, 'ok')],
    [LOST_TAKE, deliver(3, 3, 2_000), settle('ack', 3, 'ok')],
  ],
]

const take = (...numbers: readonly number[]): Step => [{ op: 'take' }, { numbers }]

const OF_NUMBERS: typeof OF_THE_LOG = [
  ['a number given twice', [take(1, 2), take(3)], [take(1, 2), take(2)]],
  ['a number that went back', [take(1), take(5, 6)], [take(5, 6), take(1)]],
]

export const PLANTED: readonly Planted[] = [
  ...OF_THE_LOG.map(([name, right, wrong]) => planted(name, 'log', right, wrong)),
  ...OF_A_DELIVERY.map(([name, right, wrong]) => planted(name, 'delivery', right, wrong)),
  ...OF_NUMBERS.map(([name, right, wrong]) => planted(name, 'numbers', right, wrong)),
]
