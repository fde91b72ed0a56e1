// What a check has found: everything the client said, held against the log that the server has at the end. Pure.

export interface Placed {
  readonly id: string
  readonly position: number
}

/** An event of the log; the mark is what its writer has called it. */
export interface Logged extends Placed {
  readonly mark: string
}

export interface Failed {
  readonly marks: readonly string[]
  readonly code: string
  readonly outcome: string
}

/** What one client has said, in the order in which it said it. */
export interface Said {
  readonly acknowledged: (Placed & { readonly mark: string })[]
  readonly failed: Failed[]
  readonly followed: Placed[]
  readonly read: Placed[]
  /** Deliveries of its group; the same event may have come again. */
  readonly handled: Placed[]
  /** Answers that came to a second try of an append: the first one's was lost. */
  duplicates: number
  /** How often a follow or a consumer was told of a break. */
  interruptions: number
}

export interface Faults {
  readonly cuts: number
  readonly kills: number
}

export interface Verdict {
  readonly events: number
  readonly acknowledged: number
  readonly lost: number
  readonly doubled: number
  /** Appends that ended without an answer, and said so. */
  readonly unanswered: number
  readonly gaps: number
  readonly repeats: number
  /** Events that the group has not handed out, or not settled. */
  readonly unhandled: number
  readonly redelivered: number
  readonly duplicates: number
  readonly interruptions: number
  readonly cuts: number
  readonly kills: number
  /** What must not be, in words. */
  readonly wrong: readonly string[]
}

export function judged(said: Said, log: readonly Logged[], asked: Faults, injected: Faults): Verdict {
  const byMark = Map.groupBy(log, ({ mark }) => mark)
  const lost = said.acknowledged.filter(({ mark, id }) => byMark.get(mark)?.some(event => event.id === id) !== true)
  const doubled = [...byMark.values()].filter(events => events.length > 1)
  const lies = said.failed.filter(
    ({ marks, outcome }) => outcome === 'rejected' && marks.some(mark => byMark.has(mark)),
  )
  const followed = compared(said.followed, log)
  const read = compared(said.read, log)
  const handled = new Set(said.handled.map(({ id }) => id))
  const unhandled = log.filter(({ id }) => !handled.has(id))
  const refused = said.failed.filter(({ outcome }) => outcome === 'rejected')
  const findings: readonly (readonly [number, string])[] = [
    [lost.length, 'acknowledged events are not in the log'],
    [doubled.length, 'events are in the log twice'],
    [lies.length, 'appends are in the log and were called rejected'],
    [refused.length, `appends were refused: ${[...new Set(refused.map(({ code }) => code))].join(', ')}`],
    [followed.gaps, 'events did not come to the follow'],
    [followed.repeats, 'events came to the follow again or out of order'],
    [read.gaps, 'events did not come to the reads'],
    [read.repeats, 'events came to the reads again or out of order'],
    [unhandled.length, 'events were not handed out by the group'],
  ]
  return {
    events: log.length,
    acknowledged: said.acknowledged.length,
    lost: lost.length,
    doubled: doubled.length,
    unanswered: said.failed.length - refused.length,
    gaps: followed.gaps + read.gaps,
    repeats: followed.repeats + read.repeats,
    unhandled: unhandled.length,
    redelivered: said.handled.length - handled.size,
    duplicates: said.duplicates,
    interruptions: said.interruptions,
    ...injected,
    wrong: [
      ...findings.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`),
      ...emptiness(said, log, asked, injected),
    ],
  }
}

/** A check that did not do to the client what it was to do has shown nothing, whatever its counts are. */
function emptiness(said: Said, log: readonly Logged[], asked: Faults, injected: Faults): string[] {
  const wrong: string[] = []
  if (injected.cuts + injected.kills === 0) wrong.push('no fault was injected, so nothing has been shown')
  if (injected.cuts < asked.cuts) wrong.push(`only ${injected.cuts} of ${asked.cuts} cuts were made`)
  if (injected.kills < asked.kills) wrong.push(`only ${injected.kills} of ${asked.kills} kills were made`)
  if (said.interruptions === 0) wrong.push('no follow and no consumer was interrupted, so none has come back')
  if (log.length === 0 || said.acknowledged.length === 0) wrong.push('nothing was appended')
  return wrong
}

/** Positions that rise say that nothing came again, and those of the log that are missing are gaps. */
function compared(
  came: readonly Placed[],
  log: readonly Placed[],
): { readonly gaps: number; readonly repeats: number } {
  let last = 0
  let repeats = 0
  for (const { position } of came) {
    if (position <= last) repeats++
    else last = position
  }
  const ids = new Set(came.map(({ id }) => id))
  return { gaps: log.filter(({ id }) => !ids.has(id)).length, repeats }
}
