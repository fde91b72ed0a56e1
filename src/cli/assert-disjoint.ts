// Refuses two directories of which one lies in the other, because files written to one would then belong to both.
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { StoreError } from '../contract/errors.js'

export async function mustBeApart(one: string, other: string): Promise<void> {
  const [first, second] = [await placeOf(resolve(one)), await placeOf(resolve(other))]
  if (first === second || !(within(first, second) || within(second, first))) return
  const [inner, outer] = within(first, second) ? [one, other] : [other, one]
  throw new StoreError('INVALID_REQUEST', `${inner} lies in ${outer}: each needs a directory of its own`)
}

function within(inner: string, outer: string): boolean {
  return inner.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`)
}

/** The real path, seen through links; of what does not exist yet, the real path of its parent and the name. */
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return dirname(path) === path ? path : join(await placeOf(dirname(path)), basename(path))
  }
}
