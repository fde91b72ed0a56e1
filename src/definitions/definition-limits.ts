// The limits of what definitions of upcasters and projections may hold.

const KIB = 1024

export const DEFINITION_LIMITS = Object.freeze({
  /** The most bytes of one definition, written as JSON. */
  definitionBytes: 64 * KIB,
  /** The most bytes, as JSON, of all definitions of one kind in force, because they are all kept in memory. */
  togetherBytes: 16 * KIB * KIB,
  operations: 200,
  upcasters: 1_000,
  stepsPerUpcaster: 100,
  projections: 1_000,
  liveProjections: 20,
  /** Open streams of changes, counted over all live projections together. */
  followers: 100,
  projectionNameChars: 64,
  descriptionChars: 512,
  /** How deep the lists and maps of a literal may be nested. */
  literalDepth: 32,
  /** The most keys that one keyed projection may have. */
  keys: 100_000,
})

export const PROJECTION_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/
