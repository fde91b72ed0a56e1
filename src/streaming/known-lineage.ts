// Which lineage of the log a request says that its reader knows, and the header in which every answer names its own.
import type { IncomingHttpHeaders } from 'node:http'
import { invalid } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { type Lineage, mustBeInCommon } from '../contract/lineage.js'

export const lineageHeader = 'lighthouse-lineage'

const VALUE = /^([0-9a-f]{32})(;|$)/

/** A reader may send it back as it is. */
export function lineageText({ id, epoch }: Lineage): string {
  return `${id}; epoch=${epoch}`
}

/** Throws LINEAGE_FORKED when the position is not the one that the reader knows. */
export type InCommon = (position: Position) => void

/** undefined for a reader of this lineage, and for one that names none: both may go on from any position. */
export function commonWith(headers: IncomingHttpHeaders, lineage: Lineage): InCommon | undefined {
  const said = headers[lineageHeader]
  if (said === undefined) return undefined
  const known = VALUE.exec(String(said))?.[1]
  if (known === undefined) throw invalid('', 'the header Lighthouse-Lineage must be one that an answer had')
  return known === lineage.id ? undefined : position => mustBeInCommon(lineage, known, position)
}
