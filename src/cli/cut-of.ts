// Reads where a restore is to end: at a position, or at a time.
import { decimalPosition } from '../contract/moment.js'
import { timeFault } from '../contract/rfc3339.js'
import { Usage } from './usage-error.js'

export function cutOf(text: string | undefined): { readonly to?: number | string } {
  if (text === undefined) return {}
  const position = decimalPosition(text)
  if (position !== undefined) return { to: position }
  const fault = timeFault(text)
  if (fault !== undefined) throw new Usage(`--to is a position or a time: ${fault}`)
  return { to: text }
}
