// Arbitrary events and folds for stories of states: few keys, so that they are set, removed, set again in another order, and nested in each other.
import fc from 'fast-check'
import type { JsonObject } from '../../src/contract/event.js'
import type { ReplayDto } from '../../src/folding/replay.dto.js'
import { arbitraryJson, objectOf } from '../support/arbitrary-json.js'
import type { NAIVE, NaiveEvent } from './naive-fold.js'
import type { Story } from './state-fixture.js'

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '1', '0', 'toJSON')
const { map: few } = fc.letrec<{ value: JsonObject | null | number | string; map: JsonObject }>(tie => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constantFrom(null, 0, -0, 1, 'x', 'y'), tie('map')) as never,
  map: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(pairs => objectOf([...new Map(pairs)] as never)),
}))

export const story: fc.Arbitrary<Story> = fc.record({
  type: fc.constantFrom('T', 'U'),
  stream: fc.constantFrom('s', 's2', 'other'),
  data: fc.oneof({ weight: 4, arbitrary: few }, { weight: 1, arbitrary: arbitraryJson }),
})

/** A large state that hardly changes, so that differences are worth their while. */
export const ballast: Story = {
  stream: 's',
  data: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${n}`, Math.sin(n)])),
}

export interface FoldStory {
  readonly asked: Partial<ReplayDto>
  readonly model: keyof typeof NAIVE
  readonly matches: (event: NaiveEvent) => boolean
}

/** The service's own streams, which an operator may read, are not the stories'. */
const filter = { streams: ['*'] }
const all = () => true
const SOME = { streams: ['s*'], types: ['T'] }
const some = ({ stream, type }: NaiveEvent) => stream.startsWith('s') && type === 'T'

export const FOLDS: readonly FoldStory[] = [
  { asked: { reducer: 'merge', filter }, model: 'merge', matches: all },
  { asked: { reducer: 'last', filter }, model: 'last', matches: all },
  { asked: { reducer: 'count', filter }, model: 'count', matches: all },
  { asked: { reducer: 'collect', filter }, model: 'collect', matches: all },
  { asked: { reducer: 'set', key: 'data.a', filter }, model: 'set', matches: all },
  { asked: { reducer: 'merge', filter: SOME }, model: 'merge', matches: some },
]

/** Once it is defined. */
export const PROJECTED: FoldStory = { asked: { projection: 'seen' }, model: 'seen', matches: all }
