// The answer of a request of Node's own http, as the part of a `Response` that the client uses.
import type { IncomingMessage } from 'node:http'
import { pipeline, type Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Body, Reply } from '../transport.js'

export function answerOf(incoming: IncomingMessage): Reply {
  const status = incoming.statusCode as number
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: name => textOf(incoming.headers[name]) },
    get body() {
      return bodyOf(incoming)
    },
    text: () => wholeOf(incoming),
  }
}

function textOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null
  return typeof header === 'string' ? header : header.join(', ')
}

function wholeOf(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    if (incoming.destroyed) {
      reject(incoming.errored ?? new Error('The answer was given up.'))
      return
    }
    let text = ''
    decoded(incoming)
      .setEncoding('utf8')
      .on('data', (piece: string) => {
        text += piece
      })
      .once('end', () => resolve(text))
      .once('error', reject)
  })
}

function bodyOf(incoming: IncomingMessage): Body {
  const pieces: AsyncIterator<Uint8Array, undefined> = decoded(incoming)[Symbol.asyncIterator]()
  const cancel = async () => {
    // What has come whole needs only to be taken off the connection, which then serves again.
    if (incoming.complete) incoming.resume()
    else incoming.destroy()
  }
  const read = async () => {
    const { done, value } = await pieces.next()
    return { done: done === true, value }
  }
  return { getReader: () => ({ read, cancel }), cancel }
}

const DECODERS: { readonly [encoding: string]: (() => Transform) | undefined } = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** What a proxy has compressed on the way, as it was. */
function decoded(incoming: IncomingMessage): Readable {
  const encoding = incoming.headers['content-encoding']
  const decoder = encoding === undefined ? undefined : DECODERS[encoding.toLowerCase()]?.()
  // A failure of either is an error of the decoder, which is what is read.
  return decoder === undefined ? incoming : pipeline(incoming, decoder, () => undefined)
}
