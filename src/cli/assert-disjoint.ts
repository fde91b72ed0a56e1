// Refuses two directories of which one lies in the other, however they are spelt: what is written to one would be a part of both.
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

/** Where a path leads, or will lead once it is made. */
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return dirname(path) === path ? path : join(await placeOf(dirname(path)), basename(path))
  }
}
