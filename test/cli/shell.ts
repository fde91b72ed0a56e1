// Command lines as a shell reads them, for lines of the help: words, quotes, variables, pipes and a file for the output.
import { readFileSync, writeFileSync } from 'node:fs'
import type { Terminal } from '../../src/cli/command.js'
import { run } from '../../src/cli/run.js'

export interface Ended {
  readonly out: string
  readonly err: string
  readonly code: number
}

export interface Surroundings {
  /** Words are replaced by what they stand for in the test: a file by its path, an address by the server's. */
  readonly standsFor: (word: string) => string
  /** Told of each piece of output; it may press Ctrl-C. */
  readonly heard?: (text: string, press: () => void) => void
}

/** Runs the part of a line that is ours in this process. What stands behind it in a pipe is left out. */
export async function typed(line: string, { standsFor, heard }: Surroundings): Promise<Ended> {
  const parts = wordsOf(line)
  const at = parts.findIndex(words => words[0] === 'lighthouse')
  const [, ...words] = parts[at] ?? []
  const before = at > 0 ? `${parts[at - 1]?.slice(1).join(' ')}\n` : ''
  const into = words.indexOf('>')
  const args = (into < 0 ? words : words.slice(0, into)).map(standsFor)
  const out: string[] = []
  const err: string[] = []
  const pressed = new AbortController()
  const terminal: Terminal = {
    out: text => {
      out.push(text)
      heard?.(text, () => pressed.abort())
    },
    err: text => err.push(text),
    input: bytesOf(before),
    interrupted: () => pressed.signal,
  }
  const code = await run(args, terminal)
  if (into >= 0) writeFileSync(standsFor(words[into + 1] ?? ''), out.map(text => `${text}\n`).join(''))
  return { out: into < 0 ? out.join('\n') : '', err: err.join('\n'), code }
}

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
}

/** The parts of a pipe, each as its words. */
function wordsOf(line: string): string[][] {
  const parts: string[][] = [[]]
  for (const [token] of line.matchAll(/\||(?:'[^']*'|"[^"]*"|[^\s'"|])+/g)) {
    if (token === '|') parts.push([])
    else parts.at(-1)?.push(unquoted(token))
  }
  return parts
}

function unquoted(token: string): string {
  return token.replaceAll(/'([^']*)'|"([^"]*)"|\$(\w+)/g, (_, single?: string, double?: string, variable?: string) => {
    return single ?? double ?? process.env[variable ?? ''] ?? ''
  })
}

/** Compares with a file under golden/; LIGHTHOUSE_WRITE_GOLDEN=1 writes it anew, for the diff to be read. */
export function golden(name: string, text: string): { readonly kept: string; readonly now: string } {
  const file = `${import.meta.dirname}/golden/${name}`
  if (process.env['LIGHTHOUSE_WRITE_GOLDEN'] === '1') writeFileSync(file, text)
  return { kept: readFileSync(file, 'utf8'), now: text }
}

/** What is another at each run: ids, times, hashes, sizes, ports and folders. */
export function steady(text: string, names: Readonly<Record<string, string>>): string {
  let plain = text
  for (const [from, to] of Object.entries(names)) plain = plain.replaceAll(from, to)
  return plain
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'TIME UTC')
    .replaceAll(/\b\d{18,20}_\d+_[\w-]+/g, 'ID')
    .replaceAll(/\beyJ[\w.-]{40,}/g, 'TOKEN')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
    .replaceAll(/\b[0-9a-f]{16,64}\b/g, 'HASH')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'URL')
    .replaceAll(/\b(time|head|free|in|left|of)=?\s?[\d.]+(?= |$)/gm, '$1 N')
    .replaceAll(/\d[\d.,]* (MB|GB|KB|B|ms|s|requests|events)\b/g, 'N $1')
    .replaceAll(/ {2,}/g, '  ')
}
