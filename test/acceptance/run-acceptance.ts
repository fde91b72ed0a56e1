// The acceptance suite with ten million events: `npm run acceptance [-- --events 1e7 --only foundation,coordination,recovery --dir bench/.data/acceptance --keep]`. Half an hour; its outcome lies under bench/results.
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { machineFacts } from '../../bench/engine/machine.js'
import { Report } from '../../bench/engine/report.js'
import { buildStore } from '../../bench/engine/stores.js'
import { multiAgentCoordination } from './coordination.js'
import { eventSourcingFoundation } from './foundation.js'
import { noVolume } from './full-disk.js'
import { failureRecovery } from './recovery.js'
import { type Scale, type Step, storeOf } from './steps.js'

/** The store, its backup, and the store that is made of the backup. */
const BYTES_OF_AN_EVENT = 3 * 1_100

const PARTS = {
  foundation: eventSourcingFoundation,
  coordination: multiAgentCoordination,
  recovery: failureRecovery,
} as const

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1e7' },
    only: { type: 'string', default: Object.keys(PARTS).join() },
    dir: { type: 'string', default: 'bench/.data/acceptance' },
    keep: { type: 'boolean', default: false },
  },
})
const asked = values.only.split(',')
const parts = (Object.keys(PARTS) as (keyof typeof PARTS)[]).filter(part => asked.includes(part))
const directory = values.dir
const events = Number(values.events)
/** As a server has them, but for a small store, which is to have some segments, too. */
const segmentBytes = Math.min(100 << 20, events * 160)
const scale: Scale = { events, segmentBytes, isWhole: true, directory }
mkdirSync(directory, { recursive: true })
const { bavail, bsize } = statfsSync(directory)
if (bavail * bsize < events * BYTES_OF_AN_EVENT) {
  process.stderr.write(`${directory} has no room for ${events * BYTES_OF_AN_EVENT} bytes; --dir names another place\n`)
  process.exit(1)
}

const report = new Report(machineFacts(directory))
let late = 0
function tell({ test, what, seconds, limit, detail }: Step): void {
  if (limit !== undefined && seconds > limit) late++
  const targets = limit === undefined ? {} : { targets: [{ of: 'store' as const, atMost: limit }] }
  report.add({
    group: test,
    what,
    unit: 's',
    store: [seconds],
    ...targets,
    ...(detail === undefined ? {} : { detail }),
  })
}

try {
  report.heading(`Acceptance, ${events.toLocaleString('en-US')} events`)
  await buildStore({ ...scale, directory: storeOf(scale) })
  for (const part of parts) await PARTS[part](scale, tell)
  if (noVolume !== undefined) report.note(`without a full disk: ${noVolume}`)
  report.note(`${events} events`)
  report.finish('acceptance', parts.length === Object.keys(PARTS).length ? [] : parts)
  if (late > 0) process.exitCode = 1
} finally {
  if (!values.keep) rmSync(directory, { recursive: true, force: true })
}
