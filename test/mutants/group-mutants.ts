// Mutants of consumer groups: of handing out, settling, parking and keeping the books.
import type { Mutant } from './mutant.js'

const groups = 'src/subscriptions/groups'
const model = { spec: 'test/groups/model.spec.ts' }
const stories = 'test/groups/stories.spec.ts'

export const groupMutants: readonly Mutant[] = [
  {
    name: 'groups: hand out an event whose key is out',
    file: `${groups}/decide-take.ts`,
    from: 'const held = keyed ? keysOut(state, definition, nowMs) : NO_KEYS',
    to: 'const held = new Set<string>()',
    gate: model,
  },
  {
    name: 'groups: let a later event of a key overtake one that waits for its delay',
    file: `${groups}/decide-take.ts`,
    from: 'if (due || withDelayed) add(position, one, due)',
    to: 'if (due) add(position, one, due)',
    gate: model,
  },
  {
    name: 'groups: hand out again a moment before the deadline',
    file: `${groups}/decide-take.ts`,
    from: 'if (out.deadlineMs <= nowMs) add(position, out, true)',
    to: 'if (out.deadlineMs <= nowMs + 1_000) add(position, out, true)',
    gate: model,
  },
  {
    name: 'groups: hand out more than the group allows at once',
    file: `${groups}/decide-take.ts`,
    from: 'const most = Math.min(max, definition.maxInFlight - inFlight(state, nowMs))',
    to: 'const most = Math.min(max, definition.maxInFlight)',
    gate: model,
  },
  {
    name: 'groups: forget after a restart which numbers were used',
    file: `${groups}/state-rows.ts`,
    from: 'state.lastNumber = row[2]',
    to: 'state.lastNumber = 0',
    gate: model,
  },
  {
    name: 'groups: take the token of an earlier delivery for that of the present one',
    file: `${groups}/decide-settle.ts`,
    from: 'return out !== undefined && out.number === number && (forOthers || out.consumer === by)',
    to: 'return out !== undefined && (forOthers || out.consumer === by)',
    gate: model,
  },
  {
    name: 'groups: forget what was settled',
    file: `${groups}/decide-settle.ts`,
    from: 'else if (state.recent.get(token) !== settlement.action) stale.push(at)',
    to: 'else stale.push(at)',
    gate: model,
  },
  {
    name: 'groups: raise the floor over an event that is not settled',
    file: `${groups}/window.ts`,
    from: 'if (position > state.floor && !resolving.has(position) && !isResolved(state, position)) return position - 1',
    to: 'if (position > state.floor && !resolving.has(position) && !isResolved(state, position)) return position',
    gate: model,
  },
  {
    name: 'groups: never park what is returned too often',
    file: `${groups}/decide-settle.ts`,
    from: 'const spent = deliveries.filter(([position]) => (state.out.get(position)?.attempt ?? 0) >= most)',
    to: 'const spent: TokenRow[] = []',
    gate: model,
  },
  {
    name: 'groups: give what was passed over for its scope to nobody',
    file: `${groups}/window.ts`,
    from: 'if (!taken.has(one.position)) left.push(one)',
    to: 'if (!taken.has(one.position) && one.position > Math.max(...taken)) left.push(one)',
    gate: model,
  },
  {
    name: 'groups: count only the first part of a whole state',
    file: `${groups}/read-state.ts`,
    from: "if (event.type !== 'SubscriptionDefined' && event.type !== 'SubscriptionDeleted') return false",
    to: "if (event.type !== 'SubscriptionDefined' && event.type !== 'SubscriptionDeleted' && this.changes.length < 3) return false",
    gate: model,
  },
  {
    name: 'groups: answer a take before it is durable',
    file: `${groups}/hand-out.ts`,
    from: 'try { await written } catch (error) { taker.fail(error) return }',
    to: 'written.catch(() => undefined)',
    gate: { spec: 'test/groups/failing-store.spec.ts' },
  },
  {
    name: 'groups: go on with a memory that the log does not know',
    file: `${groups}/outbox.ts`,
    from: 'this.onFailure(error)',
    to: '',
    gate: { spec: 'test/groups/failing-store.spec.ts' },
  },
  {
    name: 'groups: pass over in silence what was fetched and did not fit behind damage',
    file: `${groups}/candidates.ts`,
    from: 'if (stops && firstOf(found) < event.position) break',
    to: '',
    gate: { spec: stories, test: 'damage' },
  },
  {
    name: 'groups: take a hole in the books for none',
    file: `${groups}/books.ts`,
    from: 'return behind !== undefined && behind === (before ?? -1) + 1',
    to: 'return behind === undefined || behind >= (before ?? -1)',
    gate: { spec: stories, test: 'damage' },
  },
  {
    name: 'groups: keep what a consumer that went away was given',
    file: `${groups}/hand-out.ts`,
    from: 'if (signal?.aborted !== true) return',
    to: 'if (signal === undefined || true) return',
    gate: { spec: stories, test: 'whoever goes away' },
  },
  {
    name: 'groups: hand out although there is no room to park',
    file: `${groups}/decide-take.ts`,
    from: 'if (one.isNew && fresh-- <= 0) continue',
    to: '',
    gate: { spec: 'test/groups/bounds.spec.ts', test: 'a group that has parked' },
  },
  {
    name: 'groups: hand out the books of the groups',
    file: `${groups}/window.ts`,
    from: 'if (stream === SUBSCRIPTIONS_STREAM || position <= this.read) continue',
    to: 'if (position <= this.read) continue',
    gate: { spec: stories, test: 'a consumer that stays' },
  },
  {
    name: 'groups: let anybody manage a group',
    file: `${groups}/groups.service.ts`,
    from: "return definition?.definedBy === access.agentId || access.has('admin.write')",
    to: 'return definition !== undefined || access.agentId === undefined',
    gate: { spec: stories, test: 'a consumer that stays' },
  },
]
