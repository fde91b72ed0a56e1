// Reconciling loses nothing, writes nothing twice, and ends, whatever was stored of what waited.
import fc from 'fast-check'
import { type Note, type Reconciled, reconcile } from './reconcile.js'

const note = (noteId: string, mode = 'EMERGENCY', second = 0, afterNoteId: string | null = null): Note => ({
  type: 'SystemDegradationDetected',
  stream: '$degradation',
  data: { mode },
  metadata: { noteId, afterNoteId },
  occurredAt: new Date(second * 1_000).toISOString(),
})

const reconciled = (stored: readonly Note[], held: readonly Note[], lastStored?: string): Reconciled =>
  reconcile(stored, held, { continues: () => true, lastStored })

const notes = fc.array(
  fc
    .tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('EMERGENCY', 'NORMAL'), fc.nat(5))
    .map(([id, mode, second]) => note(id, mode, second)),
  { maxLength: 12 },
)

test('what is not stored is appended in its order, and what is stored is not', () => {
  const held = [note('a'), note('b'), note('c')]
  expect(reconciled([note('b')], held)).toMatchObject({
    missing: [note('a'), note('c')],
    alreadyStored: 1,
    conflicts: [],
    lost: [],
  })
})

test('of two contents the later one counts, and the other stays on record', () => {
  const [older, newer] = [note('a', 'EMERGENCY', 1), note('a', 'NORMAL', 2)]
  const { type, stream, data, occurredAt } = older
  const loser = { type, stream, data, occurredAt }
  expect(reconciled([older], [newer])).toMatchObject({
    missing: [newer],
    conflicts: [{ noteId: 'a', kept: 'held', loser }],
  })
  expect(reconciled([newer], [older])).toMatchObject({
    missing: [],
    conflicts: [{ noteId: 'a', kept: 'stored', loser }],
  })
})

test('of two contents of one time the stored one counts', () => {
  expect(reconciled([note('a', 'NORMAL')], [note('a', 'EMERGENCY')])).toMatchObject({
    missing: [],
    conflicts: [{ kept: 'stored' }],
  })
})

test('a note that a later one names as the one before it, and that is nowhere, is told', () => {
  const held = [note('c', 'NORMAL', 3, 'b'), note('d', 'NORMAL', 4, 'c')]
  expect(reconciled([], held).lost).toEqual(['b'])
  expect(reconciled([], held, 'b').lost).toEqual([])
  expect(reconciled([note('b', 'NORMAL', 2, 'a')], held, 'a').lost).toEqual([])
})

test('a note that does not go on from the state in which the one before it left the service is told', () => {
  const held = [note('a', 'NORMAL'), note('b', 'EMERGENCY'), note('c', 'EMERGENCY')]
  const continues = (before: { data: unknown }, event: { data: unknown }) => before.data !== event.data
  expect(reconcile([], held, { continues, lastStored: undefined }).outOfStep).toEqual([])
  expect(reconcile([], held, { continues: () => false, lastStored: undefined }).outOfStep).toEqual(['b', 'c'])
})

test('each note that waited is appended, stored already, or on record as the loser', () => {
  fc.assert(
    fc.property(notes, notes, (stored, held) => {
      const { missing, alreadyStored, conflicts } = reconciled(stored, held)
      const lost = conflicts.filter(({ kept }) => kept === 'stored')
      expect(missing.length + alreadyStored + lost.length).toBe(held.length)
    }),
  )
})

test('what has been reconciled leaves nothing to append, and no content is gone', () => {
  fc.assert(
    fc.property(notes, notes, (stored, held) => {
      const { missing, conflicts } = reconciled(stored, held)
      const after = [...stored, ...missing]
      expect(reconciled(after, held).missing).toEqual([])
      const contents = [...after, ...conflicts.map(({ loser }) => loser)].map(({ data }) => JSON.stringify(data))
      for (const { data } of held) expect(contents).toContain(JSON.stringify(data))
    }),
  )
})
