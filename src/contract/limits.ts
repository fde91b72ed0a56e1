// Every limit a client can meet, with its unit in its name, and the relations between them asserted at load.

const KIB = 1024
const MIB = 1024 * KIB

export const LIMITS = Object.freeze({
  typeChars: 128,
  streamChars: 256,
  tagsPerEvent: 32,
  tagChars: 128,
  parentsPerEvent: 32,
  referenceChars: 128,
  keyChars: 255,
  agentChars: 128,
  onBehalfOfLinks: 8,
  nestingDepth: 64,
  metadataBytes: 64 * KIB,
  eventBytes: MIB,
  eventWarnBytes: 64 * KIB,
  /** Keys in `data` and `metadata` together, at every depth. */
  eventKeys: 10_000,
  bodyKeys: 50_000,
  batchEvents: 1_000,
  batchBytes: 10 * MIB,
  bodyBytes: 16 * MIB,
  expectationsPerAppend: 1_000,
  conditionItems: 32,
  conditionValuesPerItem: 32,
  /** Types and tags of all items of a condition together. */
  conditionValues: 256,
  filterValues: 100,
  /** Characters of all patterns with a star together, because each is matched against names that others made. */
  filterGlobChars: 8_192,
  patternsPerPermission: 1_000,
  pathChars: 256,
  pathSegments: 32,
  readLimitDefault: 100,
  readLimitMax: 10_000,
  keyRetentionHours: 24,
})

export function assertLimits(limits: typeof LIMITS): void {
  const relations: readonly (readonly [string, boolean])[] = [
    ['metadataBytes < eventBytes', limits.metadataBytes < limits.eventBytes],
    ['eventWarnBytes < eventBytes', limits.eventWarnBytes < limits.eventBytes],
    ['eventBytes <= batchBytes', limits.eventBytes <= limits.batchBytes],
    ['batchBytes <= bodyBytes', limits.batchBytes <= limits.bodyBytes],
    ['expectationsPerAppend <= batchEvents', limits.expectationsPerAppend <= limits.batchEvents],
    ['eventKeys <= bodyKeys', limits.eventKeys <= limits.bodyKeys],
    ['conditionValuesPerItem <= conditionValues', limits.conditionValuesPerItem <= limits.conditionValues],
    ['readLimitDefault <= readLimitMax', limits.readLimitDefault <= limits.readLimitMax],
    ['streamChars <= filterGlobChars', limits.streamChars <= limits.filterGlobChars],
    ['typeChars <= filterGlobChars', limits.typeChars <= limits.filterGlobChars],
    [
      'every limit is a positive integer',
      Object.values(limits).every(value => Number.isSafeInteger(value) && value > 0),
    ],
  ]
  const broken = relations.filter(([, holds]) => !holds).map(([name]) => name)
  if (broken.length > 0) throw new Error(`limits contradict each other: ${broken.join('; ')}`)
}

assertLimits(LIMITS)
