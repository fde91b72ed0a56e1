// Compares what waited in memory with what is stored: nothing is lost, nothing is written twice. Pure.
import { isDeepStrictEqual } from 'node:util'
import type { JsonObject, NewEvent } from '../contract/event.js'

/** What an event that waits is known by once it is stored. */
export interface NoteMark extends JsonObject {
  readonly noteId: string
  /** The note that was held before it, which must be found too. */
  readonly afterNoteId: string | null
}

/** An event of the service itself that may have to wait in memory. It has no position until it is stored. */
export interface Note extends NewEvent {
  readonly data: JsonObject
  readonly metadata: NoteMark
  /** When it happened, which may be long before it is stored. */
  readonly occurredAt: string
}

export interface NoteConflict {
  readonly noteId: string
  readonly kept: 'stored' | 'held'
  /** What gives way stays on record, so that a person can decide otherwise. */
  readonly loser: JsonObject
}

export interface Reconciled {
  /** To be appended, in this order. */
  readonly missing: readonly Note[]
  readonly alreadyStored: number
  readonly conflicts: readonly NoteConflict[]
  /** Notes that a later one names as the one before it, and that are neither stored nor held. */
  readonly lost: readonly string[]
  /** Notes that do not go on from the state in which the note before them left what they tell of. */
  readonly outOfStep: readonly string[]
}

/** Whether an event goes on from the state in which the one before it left what both tell of. */
export type Continues = (before: NewEvent, event: NewEvent) => boolean

export interface NotesRules {
  readonly continues: Continues
  /** The last note that is known to be stored. */
  readonly lastStored: string | undefined
}

/**
 * `stored` are the notes of one stream that have been stored since the first of `held` was tried, oldest first. Of two
 * contents under one name the later one counts, and of equal times the stored one.
 */
export function reconcile(stored: readonly Note[], held: readonly Note[], rules: NotesRules): Reconciled {
  const known = new Map<string, Note>()
  for (const note of stored) remember(known, note)
  const missing: Note[] = []
  const conflicts: NoteConflict[] = []
  let alreadyStored = 0
  for (const note of held) {
    const before = known.get(note.metadata.noteId)
    if (before !== undefined && isSame(note, before)) alreadyStored++
    else if (before !== undefined) conflicts.push(conflictOf(note, before))
    if (before === undefined || (!isSame(note, before) && isLater(note, before))) missing.push(note)
    remember(known, note)
  }
  const all = [...stored, ...missing]
  const lost = lostOf(all, rules.lastStored)
  return { missing, alreadyStored, conflicts, lost, outOfStep: outOfStepOf(all, rules.continues) }
}

function remember(known: Map<string, Note>, note: Note): void {
  const { noteId } = note.metadata
  const before = known.get(noteId)
  if (before === undefined || isLater(note, before)) known.set(noteId, note)
}

function conflictOf(note: Note, before: Note): NoteConflict {
  const isKept = isLater(note, before)
  const { type, stream, data, occurredAt } = isKept ? before : note
  return {
    noteId: note.metadata.noteId,
    kept: isKept ? 'held' : 'stored',
    loser: { type, stream, data, occurredAt },
  }
}

function lostOf(all: readonly Note[], lastStored: string | undefined): string[] {
  const names = new Set(all.map(({ metadata }) => metadata.noteId))
  const needed = all.flatMap(({ metadata: { afterNoteId } }) => afterNoteId ?? [])
  return [...new Set(needed)].filter(name => name !== lastStored && !names.has(name))
}

function outOfStepOf(all: readonly Note[], continues: Continues): string[] {
  const found = all.filter((note, at) => {
    const before = all[at - 1]
    return before !== undefined && !continues(before, note)
  })
  return found.map(({ metadata }) => metadata.noteId)
}

function isSame(one: Note, other: Note): boolean {
  return one.type === other.type && one.stream === other.stream && isDeepStrictEqual(one.data, other.data)
}

function isLater(one: Note, other: Note): boolean {
  return Date.parse(one.occurredAt) > Date.parse(other.occurredAt)
}
