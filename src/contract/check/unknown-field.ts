// What is said of a field that does not exist: the known one its sender may have meant, if its name is close. Pure.
import { editsBetween } from './edits-between.js'

/** No known name is longer, and the time to compare two names grows with the product of their lengths. */
const NAME_CHARS_MAX = 64

/** `known` are the names of the fields that may stand beside it. */
export function unknownField(name: string, known: Iterable<string>): string {
  const meant = nearest(name, known)
  return meant === undefined
    ? 'is not a field that exists here'
    : `is not a field that exists here: did you mean ${meant}?`
}

/** The closest of the names, the first of several; undefined when none is close enough to be a slip of the same one. */
function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > NAME_CHARS_MAX) return undefined
  let found: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const other of known) {
    const edits = editsBetween(name.toLowerCase(), other.toLowerCase())
    if (edits < least && edits <= slipsIn(other)) {
      found = other
      least = edits
    }
  }
  return found
}

/** So many edits at most keep a name recognisable; in a short one a single edit may make another word. */
function slipsIn({ length }: string): number {
  return length < 3 ? 0 : length < 6 ? 1 : 2
}
