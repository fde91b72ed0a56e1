// `lighthouse archive`: compresses the old segments of a stopped store now, as a server does by itself and slowly.
import { join } from 'node:path'
import { openEmbedded } from '../backends/embedded/embedded-store.js'
import { requireStore } from '../backends/embedded/verify-store.js'
import { loadSome } from '../config/load-settings.js'
import type { Observer } from '../contract/observer.js'
import type { Terminal } from './command.js'
import { EXIT } from './exit.js'
import { watched } from './long-work/progress.js'
import { bytesBelow } from './long-work/watched-disk.js'
import { amount } from './print-verify.js'
import { reportJson } from './report-json.js'
import { storeRules } from './store-rules.js'
import { Usage } from './usage-error.js'

interface ArchiveWish {
  readonly 'older-than'?: string
  readonly json?: boolean
}

export async function archive(directory: string, wish: ArchiveWish, terminal: Terminal): Promise<number> {
  const archiveAfterDays = daysOf(wish['older-than'])
  await requireStore(directory)
  const report = { segments: 0, bytes: 0, archivedBytes: 0, failed: [] as string[] }
  // Some of it may be too young, so it is an estimate.
  const total = await bytesBelow(join(directory, 'segments'))
  await watched(terminal, { name: 'archive', unit: 'bytes', total }, async progress => {
    const observer: Observer = {
      archived: ({ bytes, archivedBytes }) => {
        report.segments++
        report.bytes += bytes
        report.archivedBytes += archivedBytes
        progress.add(bytes)
      },
      warned: ({ what, detail }) => void report.failed.push(`${what}: ${detail}`),
    }
    // Nothing else of the upkeep is asked for: nothing is removed and nothing is read for damage.
    const idle = { retainArchivesDays: 0, scrubBytesPerSecond: 0 }
    const store = await openEmbedded({ directory, ...storeRules(), ...idle, archiveAfterDays, observer })
    try {
      while (await store.maintenance.pass());
    } finally {
      await store.close()
    }
  })
  await terminal.out(wish.json ? reportJson(report) : inWords(report))
  return report.failed.length === 0 ? EXIT.clean : EXIT.no
}

function daysOf(olderThan: string | undefined): number {
  if (olderThan === undefined) {
    const { archiveAfterDays } = loadSome(['archiveAfterDays'], process.env)
    if (archiveAfterDays > 0) return archiveAfterDays
    throw new Usage('LIGHTHOUSE_ARCHIVE_AFTER_DAYS is 0, so nothing is archived here: say --older-than')
  }
  const days = Number(olderThan)
  if (Number.isInteger(days) && days >= 1 && days <= 36_500) return days
  throw new Usage(`--older-than takes a number of days from 1 on, and not ${JSON.stringify(olderThan)}`)
}

interface ArchiveReport {
  readonly segments: number
  readonly bytes: number
  readonly archivedBytes: number
  readonly failed: readonly string[]
}

function inWords({ segments, bytes, archivedBytes, failed }: ArchiveReport): string {
  const megabytes = (count: number) => `${(count / 1_000_000).toFixed(1)} MB`
  const done =
    segments === 0
      ? 'nothing is old enough'
      : `${amount(segments, 'segment')} archived, ${megabytes(bytes)} as ${megabytes(archivedBytes)}`
  return [done, ...failed].join('\n')
}
