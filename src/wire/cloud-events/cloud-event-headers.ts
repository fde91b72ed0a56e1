// Reads the attributes of a CloudEvent in binary mode out of the headers `ce-…`. Pure.
import type { IncomingHttpHeaders } from 'node:http'
import { invalid } from '../../contract/errors.js'

const PREFIX = 'ce-'
const PRINTABLE = /^[\x20-\x7e]*$/

/** Names come without their prefix. Every value is a string, because a header has no other type. */
export function attributesIn(headers: IncomingHttpHeaders): Record<string, string> {
  const attributes: Record<string, string> = Object.create(null)
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(PREFIX)) continue
    if (header === 'ce-data') refuse(header, 'is no attribute: the body is the data')
    attributes[header.slice(PREFIX.length)] = decoded(header, String(value))
  }
  return attributes
}

/** Removes the double quotes that older senders write, then decodes percent-encoding once, as the HTTP binding says. */
function decoded(header: string, value: string): string {
  try {
    const bare = /^".*"$/.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value
    if (PRINTABLE.test(bare)) return decodeURIComponent(bare)
  } catch {
    // The error below covers every value that cannot be decoded.
  }
  refuse(header, 'must be printable ASCII, everything else percent-encoded UTF-8')
}

function refuse(header: string, detail: string): never {
  throw invalid(`/${header}`, detail, `The header ${header} ${detail}`)
}
