// `lighthouse import`: copies an export into a data directory, or appends it to a store or a server under new ids.
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { openEmbedded } from '../backends/embedded/embedded-store.js'
import { importStore } from '../backends/embedded/import-store.js'
import { requireStore } from '../backends/embedded/verify-store.js'
import { StoreError } from '../contract/errors.js'
import { readExport } from '../transfer/read-export.js'
import { type AppendBatch, type RenumberReport, renumber } from '../transfer/renumber.js'
import type { Terminal } from './command.js'
import type { StoreRules } from './export.js'
import { counted, watched } from './long-work/progress.js'
import { amount } from './print-verify.js'
import { Remote } from './remote.js'
import { reportJson } from './report-json.js'
import { Usage } from './usage-error.js'

export interface ImportWish {
  readonly file: string
  readonly into?: string
  readonly url?: string
  readonly token?: string
  readonly renumber?: boolean
  readonly map?: string
  readonly json?: boolean
}

/**
 * Resolves with a report for the terminal. The rules must be the server's, because new ids end with its node id; they
 * are asked for only where a directory is opened.
 */
export async function importEvents(wish: ImportWish, terminal: Terminal, rules: () => StoreRules): Promise<string> {
  mustFit(wish)
  const total = 2 * (await sizeOf(wish.file))
  return watched(terminal, { name: 'import', unit: 'bytes', total }, progress =>
    imported(wish, () => counted(createReadStream(wish.file), progress), rules),
  )
}

/** Reads it twice. */
type OpenFile = () => AsyncIterable<Buffer>

async function imported(wish: ImportWish, open: OpenFile, rules: () => StoreRules): Promise<string> {
  const { into, renumber: renumbers = false } = wish
  if (into !== undefined && !renumbers) {
    const { allowUnsafeFilesystem } = rules()
    const target = { directory: into, allowUnsafeFilesystem }
    const { copied, already, head } = await importStore(target, () => readExport(open()))
    if (wish.json) return JSON.stringify({ copied, already, head }, undefined, 2)
    const before = already === 0 ? '' : `, ${amount(already, 'event')} found there and the same`
    return `${amount(copied, 'event')} copied${before}; the head is ${head}`
  }
  // The whole file is checked first, because a file that turns out to be cut off must not be appended in part.
  for await (const _ of readExport(open(), { gaps: true }));
  const report = into === undefined ? await overHttp(wish, open) : await intoStore(wish, open, rules())
  return wish.json ? reportJson(report) : inWords(report)
}

/** Of a plain file, which can be read twice: everything is proven before anything is written. */
async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new StoreError('INVALID_REQUEST', `${file} cannot be read: ${cause.code}`, { cause })
  })
  if (!found.isFile()) throw new StoreError('INVALID_REQUEST', `${file} is no plain file, and it is read twice`)
  return found.size
}

function mustFit({ into, url, renumber: renumbers = false, map }: ImportWish): void {
  if ((into === undefined) === (url === undefined))
    throw new Usage('an import goes into a data directory (--into) or into a server (--url)')
  if (map !== undefined && into !== undefined && !renumbers)
    throw new Usage('--map goes with --renumber: a copy keeps its ids')
}

async function overHttp({ url, token, map }: ImportWish, open: OpenFile): Promise<RenumberReport> {
  const remote = new Remote(url as string, token)
  return appendAll(open(), map, batch => remote.append(batch))
}

async function intoStore({ into = '', map }: ImportWish, open: OpenFile, rules: StoreRules): Promise<RenumberReport> {
  await requireStore(into)
  const store = await openEmbedded({ directory: into, ...rules })
  try {
    return await appendAll(open(), map, async ({ events, author, key }) => {
      const appended = await store.append({ events, author, key })
      return appended.events.map(({ id }) => id)
    })
  } finally {
    await store.close()
  }
}

async function appendAll(
  chunks: AsyncIterable<Buffer>,
  map: string | undefined,
  append: AppendBatch,
): Promise<RenumberReport> {
  const exported = readExport(chunks, { gaps: true })
  if (map === undefined) return renumber(exported, append, () => undefined)
  const lines = openSync(map, 'w')
  try {
    return await renumber(exported, append, (from, to) => writeSync(lines, `${JSON.stringify({ from, to })}\n`))
  } finally {
    closeSync(lines)
  }
}

function inWords({ appended, leftOut, foreignLinks }: RenumberReport): string {
  const out = leftOut === 0 ? '' : `, ${amount(leftOut, 'event')} of $ streams left out`
  const links = foreignLinks === 0 ? '' : `, ${amount(foreignLinks, 'link')} to events that are not in the file kept`
  return `${amount(appended, 'event')} appended under new ids and positions${out}${links}`
}
