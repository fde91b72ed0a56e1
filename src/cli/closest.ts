// Finds the name that somebody has probably meant.

/** Names that are further away have most likely nothing to do with what was typed. */
const MOST_EDITS = 2

/** The nearest of the names; undefined when none is near. */
export function closest(typed: string, names: readonly string[]): string | undefined {
  const near = names
    .map(name => ({ name, edits: editsBetween(typed, name) }))
    .filter(({ name, edits }) => edits <= Math.min(MOST_EDITS, name.length - 1))
  return near.sort((one, other) => one.edits - other.edits)[0]?.name
}

/** Letters left out, put in, replaced, or exchanged with their neighbour (the optimal string alignment distance). */
function editsBetween(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] as number
  for (let row = 1; row <= one.length; row++) {
    rows[row] = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      const exchanged =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      const [cut, added, replaced] = [at(row - 1, column), at(row, column - 1), at(row - 1, column - 1)]
      const least = Math.min(cut + 1, added + 1, replaced + (same ? 0 : 1))
      rows[row]?.push(exchanged ? Math.min(least, at(row - 2, column - 2) + 1) : least)
    }
  }
  return at(one.length, other.length)
}
