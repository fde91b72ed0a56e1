// What a planted mutant is: one wrong edit of the source, and the tests that must notice it.

export interface Mutant {
  readonly name: string
  readonly file: string
  /** Occurs exactly once in the file; how its lines are broken does not matter. */
  readonly from: string
  readonly to: string
  /** The spec that must fail, and optionally the beginning of the names of the tests in it that are run. */
  readonly gate: { readonly spec: string; readonly test?: string }
}
