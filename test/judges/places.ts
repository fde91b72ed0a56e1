// The places of a document that a linter judges, each a case: clean, or the rules that it breaks.
import type { Judged } from './judge.js'

export const CLEAN = 'clean'

export interface Finding {
  readonly rule: string
  /** The keys that lead to it. */
  readonly path: readonly (string | number)[]
}

type Document = Readonly<Record<string, unknown>>

/** Below these keys every entry is a place of its own; whatever else there is, is one place. */
const OF_ENTRIES = ['paths', 'channels', 'operations']

/** Each finding counts where it is; one that is nowhere counts as a place that must not be. */
export function judgedPlaces(document: Document, findings: readonly Finding[]): Judged[] {
  const broken = new Map<string, Set<string>>(placesOf(document).map(place => [place, new Set()]))
  for (const { rule, path } of findings) {
    const place = [3, 2, 1].map(keys => path.slice(0, keys).join(' ')).find(one => broken.has(one)) ?? path.join(' ')
    broken.set(place, (broken.get(place) ?? new Set()).add(rule))
  }
  return [...broken].map(([name, rules]) => ({
    name,
    expected: CLEAN,
    got: rules.size === 0 ? CLEAN : [...rules].join(', '),
  }))
}

function placesOf(document: Document): string[] {
  return Object.entries(document).flatMap(([key, value]) => {
    if (OF_ENTRIES.includes(key)) return Object.keys(value as Document).map(entry => `${key} ${entry}`)
    if (key !== 'components') return [key]
    return Object.entries(value as Document).flatMap(([kind, parts]) =>
      Object.keys(parts as Document).map(part => `${key} ${kind} ${part}`),
    )
  })
}
