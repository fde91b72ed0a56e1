// The one text of what an append requires, so that a repetition is recognised however it is spelled. Pure.
import type { Condition, ConditionItem } from '../contract/condition.js'
import type { AppendRequest, Expectation } from '../contract/event-store.js'

type Required = Pick<AppendRequest, 'expectations' | 'condition'>

const NOTHING = JSON.stringify([[], null])

/** Equal for requirements that mean the same: order, repeats and empty lists say nothing. */
export function preconditionsText({ expectations, condition }: Required): string {
  if (expectations === undefined && condition === undefined) return NOTHING
  const expected = (expectations ?? []).map(({ stream, expectedRevision }) => ({ stream, expectedRevision }))
  return JSON.stringify([expected.sort(byStream), condition && conditionPart(condition)])
}

/** The text that earlier versions made: of the request as it is spelled. */
export function spelledText({ expectations, condition }: Required): string {
  return JSON.stringify([expectations ?? [], condition])
}

function conditionPart({ failIfEventsMatch: { items }, after }: Condition): Condition {
  const texts = new Set(items.map(item => JSON.stringify(itemPart(item))))
  const distinct = [...texts].sort().map(text => JSON.parse(text) as ConditionItem)
  const part = { failIfEventsMatch: { items: distinct } }
  return after === undefined || after === 0 ? part : { ...part, after }
}

function itemPart({ types, tags }: ConditionItem): ConditionItem {
  const part: { types?: readonly string[]; tags?: readonly string[] } = {}
  if (types !== undefined && types.length > 0) part.types = distinctOf(types)
  if (tags !== undefined && tags.length > 0) part.tags = distinctOf(tags)
  return part
}

function distinctOf(values: readonly string[]): readonly string[] {
  return values.length === 1 ? values : [...new Set(values)].sort()
}

/** No two expectations are of one stream. */
function byStream(one: Expectation, other: Expectation): number {
  return one.stream < other.stream ? -1 : 1
}
