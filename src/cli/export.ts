// `lighthouse export`: prints every event of a server or of a data directory as lines.
import { openEmbedded } from '../backends/embedded/embedded-store.js'
import { requireStore } from '../backends/embedded/verify-store.js'
import type { Settings } from '../config/settings.js'
import type { SaidEvent } from '../contract/event.js'
import { exportFrames } from '../transfer/export-frames.js'
import { cloudEventJson } from '../wire/cloud-events/cloud-event.js'
import type { Terminal } from './command.js'
import { type Progress, watched } from './long-work/progress.js'
import { Remote } from './remote.js'
import { Usage } from './usage-error.js'

/** The settings for opening a store. No secret is among them, so these commands run where none is at hand. */
export type StoreRules = Pick<Settings, 'nodeId' | 'allowUnsafeFilesystem'>

/** Lines are gathered up to this many characters for one write. */
const CHUNK_CHARS = 64 * 1024

export interface ExportWish {
  readonly directory: string | undefined
  readonly url?: string
  readonly token?: string
  readonly after: string
  readonly format: string
}

/** `rules` is called only for a directory, because an export over HTTP must not fail on a setting it does not use. */
export async function exportEvents(wish: ExportWish, terminal: Terminal, rules: () => StoreRules): Promise<void> {
  await watched(terminal, { name: 'export', unit: 'events' }, progress =>
    printed(understood(wish, rules, progress), progress, terminal),
  )
}

async function printed({ frames, asCloudEvents }: Exported, progress: Progress, terminal: Terminal): Promise<void> {
  let lines: string[] = []
  let chars = 0
  const flush = async () => {
    if (lines.length > 0) await terminal.out(lines.join('\n'))
    lines = []
    chars = 0
  }
  for await (const frame of frames) {
    progress.add(1)
    const line = asCloudEvents ? cloudEventIn(frame) : frame
    if (line === undefined) continue
    lines.push(line)
    chars += line.length
    if (chars >= CHUNK_CHARS) await flush()
  }
  await flush()
}

interface Exported {
  readonly frames: AsyncIterable<string>
  readonly asCloudEvents: boolean
}

function understood(
  { directory, url, token, after, format }: ExportWish,
  rules: () => StoreRules,
  progress: Progress,
): Exported {
  if ((url === undefined) === (directory === undefined))
    throw new Usage('an export is of one data directory, or of a server that --url names')
  if (!/^\d{1,15}$/.test(after)) throw new Usage('--after takes a position')
  if (format !== 'lighthouse' && format !== 'cloudevents') throw new Usage('--format takes lighthouse or cloudevents')
  const position = Number(after)
  const frames =
    directory === undefined
      ? new Remote(url as string, token).frames(position)
      : framesIn(directory, { after: position, progress }, rules())
  return { frames, asCloudEvents: format === 'cloudevents' }
}

/** Opens the store as a server does, which takes its lock. Meanwhile nothing is archived or removed. */
async function* framesIn(
  directory: string,
  { after, progress }: { readonly after: number; readonly progress: Progress },
  rules: StoreRules,
): AsyncGenerator<string, void, void> {
  await requireStore(directory)
  const idle = { archiveAfterDays: 0, retainArchivesDays: 0, scrubBytesPerSecond: 0 }
  const store = await openEmbedded({ directory, ...rules, nodeId: 'export', ...idle })
  try {
    progress.expect(store.head() - after)
    yield* exportFrames(store, after)
  } finally {
    await store.close()
  }
}

/** Undefined for the end frame, because a file of CloudEvents has none. */
function cloudEventIn(frame: string): string | undefined {
  const { event } = JSON.parse(frame) as { event?: SaidEvent }
  return event === undefined ? undefined : cloudEventJson(event)
}
