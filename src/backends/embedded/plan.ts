// Which ordinals of a segment a filter can match, from its index alone.
import { type EventFilter, streamMatches } from '../../contract/filter.js'
import { globMatches, isGlob } from '../../contract/glob.js'
import type { Postings } from './engine/index/postings.js'
import { intersection, union } from './ordinal-sets.js'
import { KIND } from './terms.js'

/** undefined: the filter says nothing an index knows, so every event is a candidate. Candidates are verified when read. */
export async function candidates(postings: Postings, filter: EventFilter): Promise<Uint32Array | undefined> {
  const lists: Uint32Array[] = []
  const { streams, types, tags, agents, correlationId, causationId, sessionId, causes, within } = filter
  // Every field after an empty one would be looked up in vain.
  const none = () => lists.at(-1)?.length === 0
  if (correlationId !== undefined) lists.push(anyOf(postings, KIND.correlation, correlationId))
  if (causationId !== undefined && !none()) lists.push(anyOf(postings, KIND.causation, causationId))
  // Under a cause an event is found by its other causes too: reading it tells them apart.
  if (causes !== undefined && !none()) lists.push(anyOf(postings, KIND.causation, causes))
  if (sessionId !== undefined && !none()) lists.push(anyOf(postings, KIND.session, sessionId))
  for (const tag of tags ?? []) if (!none()) lists.push(postings.ordinals(KIND.tag, tag))
  if ((streams ?? within) !== undefined && !none()) await addStreams(lists, postings, streams, within)
  if (types !== undefined && !none())
    await addPatterns(lists, postings, { kind: KIND.type, patterns: types, matches: globMatches })
  if (agents !== undefined && !none()) lists.push(anyOf(postings, KIND.agent, agents))
  return lists.length === 0 ? undefined : intersection(lists)
}

function anyOf(postings: Postings, kind: number, texts: string | readonly string[]): Uint32Array {
  if (typeof texts === 'string') return postings.ordinals(kind, texts)
  return union(texts.map(text => postings.ordinals(kind, text)))
}

/** Streams asked for by name are held against what may be seen before anything is looked up. */
async function addStreams(
  lists: Uint32Array[],
  postings: Postings,
  streams: readonly string[] | undefined,
  within: readonly string[] | undefined,
): Promise<void> {
  const matches = streamMatches
  if (streams === undefined || within === undefined) {
    const patterns = streams ?? within ?? []
    return addPatterns(lists, postings, { kind: KIND.stream, patterns, matches })
  }
  const seen = (name: string) => within.some(pattern => streamMatches(pattern, name))
  const patterns = streams.filter(pattern => isGlob(pattern) || seen(pattern))
  // What may be seen is the narrower side when everything is asked for.
  if (patterns.includes('*')) return addPatterns(lists, postings, { kind: KIND.stream, patterns: within, matches })
  const both = (pattern: string, name: string) => streamMatches(pattern, name) && seen(name)
  return addPatterns(lists, postings, { kind: KIND.stream, patterns, matches: both })
}

interface Patterns {
  readonly kind: number
  readonly patterns: readonly string[]
  readonly matches: (pattern: string, text: string) => boolean
}

const LOOP_MS = 2
const TEXTS_A_LOOK = 64

/** `*` alone narrows nothing worth a list, but for streams it still leaves out the service's own: reading verifies that. */
async function addPatterns(
  lists: Uint32Array[],
  postings: Postings,
  { kind, patterns, matches }: Patterns,
): Promise<void> {
  if (patterns.includes('*')) return
  const found: Uint32Array[] = []
  const globs = patterns.filter(isGlob)
  for (const pattern of patterns) {
    if (!isGlob(pattern) && postings.mayContain(kind, pattern)) found.push(postings.ordinals(kind, pattern))
  }
  // A hundred globs over the streams of a segment can take a second: others get their turns meanwhile.
  let since = performance.now()
  const texts = globs.length === 0 ? [] : [...postings.texts(kind)]
  for (const [at, text] of texts.entries()) {
    if (globs.some(glob => matches(glob, text))) found.push(postings.ordinals(kind, text))
    if (at % TEXTS_A_LOOK !== 0 || performance.now() - since < LOOP_MS) continue
    await new Promise(setImmediate)
    since = performance.now()
  }
  lists.push(union(found))
}
