// What definitions of upcasters and projections may hold: every bound of them in one place.

const KIB = 1024

export const DEFINITION_LIMITS = Object.freeze({
  /** One definition, as JSON. */
  definitionBytes: 64 * KIB,
  /** All that are in force together, as JSON: they are kept in memory. */
  togetherBytes: 16 * KIB * KIB,
  operations: 200,
  upcasters: 1_000,
  stepsPerUpcaster: 100,
  projections: 1_000,
  liveProjections: 20,
  /** Of all live projections together. */
  followers: 100,
  projectionNameChars: 64,
  descriptionChars: 512,
  /** Of a literal, how deep its lists and maps are nested. */
  literalDepth: 32,
  /** Of one keyed projection. */
  keys: 100_000,
})

export const PROJECTION_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/
