// Finds the name that somebody has probably meant.
import { editsBetween } from '../contract/check/edits-between.js'

/** Names that are further away have most likely nothing to do with what was typed. */
const MOST_EDITS = 2

/** The nearest of the names; undefined when none is near. */
export function closest(typed: string, names: readonly string[]): string | undefined {
  const near = names
    .map(name => ({ name, edits: editsBetween(typed, name) }))
    .filter(({ name, edits }) => edits <= Math.min(MOST_EDITS, name.length - 1))
  return near.sort((one, other) => one.edits - other.edits)[0]?.name
}
