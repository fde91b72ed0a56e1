// Globs, in which only `*` is special; a compiled glob matches in time proportional to the length of the text.

export type TextTest = (text: string) => boolean

/** Looks for a part from `from` on; answers the offset behind it, or -1. */
type Search = (text: string, from: number) => number

/** A part up to this length may be tried at every place, because that takes at most so many steps per character. */
const SHORT_PART = 6
/** Up to this many names are compared one by one, because a set would first hash the text. */
const FEW_NAMES = 4

const everything: TextTest = () => true
const nothing: TextTest = () => false

export function isGlob(pattern: string): boolean {
  return pattern.includes('*')
}

/** For a single look: to match many texts, compile the pattern once. */
export function globMatches(pattern: string, text: string): boolean {
  return compileGlob(pattern)(text)
}

/** Matches any of the patterns. */
export function compileGlobs(patterns: readonly string[]): TextTest {
  if (patterns.includes('*')) return everything
  const names = patterns.filter(pattern => !isGlob(pattern))
  const globs = patterns.filter(isGlob).map(compileGlob)
  const [glob = nothing] = globs
  const isNamed = compileNames(names)
  if (globs.length === 0) return isNamed
  const anyGlob: TextTest = globs.length === 1 ? glob : text => globs.some(matches => matches(text))
  return names.length === 0 ? anyGlob : text => isNamed(text) || anyGlob(text)
}

function compileNames(names: readonly string[]): TextTest {
  const [only] = names
  if (names.length === 1) return text => text === only
  if (names.length <= FEW_NAMES) return text => names.includes(text)
  const set: ReadonlySet<string> = new Set(names)
  return text => set.has(text)
}

/** The parts before the first star and behind the last are compared; those between are searched for, each once. */
export function compileGlob(pattern: string): TextTest {
  const parts = pattern.split('*')
  if (parts.length === 1) return text => text === pattern
  const prefix = parts[0] as string
  const suffix = parts.at(-1) as string
  const middles = parts.slice(1, -1).filter(part => part !== '')
  if (middles.length === 0 && suffix === '') return prefix === '' ? everything : text => text.startsWith(prefix)
  const least = pattern.length - (parts.length - 1)
  const framed: TextTest = text => text.length >= least && text.startsWith(prefix) && text.endsWith(suffix)
  if (middles.length === 0) return framed
  const searches = middles.map(searchFor)
  return text => {
    if (!framed(text)) return false
    // The first place of each part leaves the most text to those behind it, so none has to be searched for twice.
    let at = prefix.length
    for (const search of searches) {
      at = search(text, at)
      if (at < 0) return false
    }
    return at <= text.length - suffix.length
  }
}

function searchFor(part: string): Search {
  if (part.length > SHORT_PART) return searchForLong(part)
  return (text, from) => {
    const found = text.indexOf(part, from)
    return found < 0 ? -1 : found + part.length
  }
}

/** Knuth, Morris and Pratt: it never goes back in the text, so that no text makes it slow. */
function searchForLong(part: string): Search {
  const borders = bordersOf(part)
  return (text, from) => {
    let matched = 0
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      while (matched > 0 && code !== part.charCodeAt(matched)) matched = borders[matched] as number
      if (code === part.charCodeAt(matched) && ++matched === part.length) return at + 1
    }
    return -1
  }
}

/** For every beginning of the part: the length of the longest shorter beginning that it also ends with. */
function bordersOf(part: string): Uint32Array {
  const borders = new Uint32Array(part.length + 1)
  let border = 0
  for (let length = 2; length <= part.length; length++) {
    const code = part.charCodeAt(length - 1)
    while (border > 0 && code !== part.charCodeAt(border)) border = borders[border] as number
    if (code === part.charCodeAt(border)) border++
    borders[length] = border
  }
  return borders
}
