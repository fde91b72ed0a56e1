// What a planted mutant is: one wrong edit of the source, and the tests that must notice it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Mutant {
  readonly name: string
  readonly file: string
  /** Occurs exactly once in the file; how its lines are broken does not matter. */
  readonly from: string
  readonly to: string
  /** The spec that must fail, and optionally the beginning of the names of the tests in it that are run. */
  readonly gate: { readonly spec: string; readonly test?: string }
}

export function patternOf(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+'))
}

/** How often the text of a mutant occurs in its file, below `root`. */
export function occurrencesOf({ file, from }: Mutant, root = '.'): number {
  return readFileSync(join(root, file), 'utf8').split(patternOf(from)).length - 1
}
