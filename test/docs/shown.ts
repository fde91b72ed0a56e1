// What a page shows of an answer, held against the answer that came: the same fields with values of the same kind, where `…` leaves something out.

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Fields whose very value is told, not only of which kind it is. */
const TELLING = new Set(['code', 'type', 'status'])

/** Every JSON object in a text, in order, whatever stands between them: headers, names of events, other answers. */
export function valuesIn(text: string): Json[] {
  const values: Json[] = []
  for (let at = text.indexOf('{'); at !== -1; ) {
    const end = endOf(text, at)
    values.push(JSON.parse(withoutEllipses(text.slice(at, end))))
    at = text.indexOf('{', end)
  }
  return values
}

function endOf(text: string, from: number): number {
  let depth = 0
  let inString = false
  for (let at = from; at < text.length; at++) {
    const sign = text[at]
    if (inString) {
      if (sign === '\\') at++
      else if (sign === '"') inString = false
    } else if (sign === '"') inString = true
    else if (sign === '{') depth++
    else if (sign === '}' && --depth === 0) return at + 1
  }
  throw new Error(`this has no end: ${text.slice(from, from + 200)}`)
}

/** `{…}` and `[…]` are any, `, …` is whatever else there is; in a string it is a text that is not told. */
function withoutEllipses(text: string): string {
  return text.replaceAll(/,\s*…/g, '').replaceAll(/([[{])\s*…\s*/g, '$1')
}

/** What is wrong with what is shown; undefined when each value shown is among those that came, in this order. */
export function differenceOf(shown: string, came: string): string | undefined {
  const answers = valuesIn(came)
  let at = 0
  for (const value of valuesIn(shown)) {
    const found = answers.findIndex((answer, index) => index >= at && faultOf(value, answer, '') === undefined)
    if (found === -1) {
      const next = answers.at(at) ?? answers.at(-1)
      const why = next === undefined ? 'nothing came' : faultOf(value, next, '')
      return `shows ${JSON.stringify(value)}\n  and got ${JSON.stringify(next)?.slice(0, 600)}\n  ${why}`
    }
    at = found + 1
  }
  return undefined
}

function faultOf(shown: Json, came: Json | undefined, where: string): string | undefined {
  if (came === undefined) return `${where} is missing`
  if (kindOf(shown) !== kindOf(came)) return `${where} is of the kind ${kindOf(came)}`
  if (Array.isArray(shown) || isObject(shown)) {
    for (const [key, value] of Object.entries(shown)) {
      const fault = faultOf(value, (came as Readonly<Record<string, Json>>)[key], `${where}/${key}`)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  const exact = typeof shown === 'boolean' || TELLING.has(where.slice(where.lastIndexOf('/') + 1))
  return exact && shown !== came ? `${where} is ${JSON.stringify(came)}` : undefined
}

function kindOf(value: Json): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null
}

/** The status of an answer that is a problem. */
export function statusShown(shown: string): number | undefined {
  for (const value of valuesIn(shown)) {
    const { code, status } = value as { code?: Json; status?: Json }
    if (typeof code === 'string' && typeof status === 'number') return status
  }
  return undefined
}
