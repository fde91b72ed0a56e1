// Random lives of a group beside the simplest group there could be: whatever is asked, both answer the same, across
// restarts, and the log always says what memory says.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import type { StoreError } from '../../src/contract/errors.js'
import type { RecordedEvent } from '../../src/contract/event.js'
import { Group } from '../../src/groups/dispatch/group.js'
import { readState, stateFrom } from '../../src/groups/dispatch/read-state.js'
import type { GroupSettings } from '../../src/groups/state/group-definition.js'
import { tagOf } from '../../src/groups/state/group-events.js'
import type { GroupState } from '../../src/groups/state/group-state.js'
import { SEED, SOAK, tell, tries } from '../support/effort.js'
import { ManualClock, SECOND } from '../support/manual-clock.js'
import { worldOn } from './group-harness.js'
import { NaiveGroup } from './naive-group.js'

const LEAST_LIVES = 25
const RUN_MS = tries(6_000, 3_000) * Math.max(1, SOAK * 10)
const NAME = 'g'
const CONSUMERS = ['a', 'b', 'c'] as const
const STREAMS = ['s/1', 's/2', 's/3', 'other'] as const

type Command =
  | {
      readonly kind: 'append'
      readonly stream: string
      readonly correlation: string | undefined
      readonly count: number
    }
  | { readonly kind: 'take'; readonly by: string; readonly max: number; readonly streams: readonly string[] }
  | {
      readonly kind: 'settle'
      readonly by: string
      readonly action: 'ack' | 'skip' | 'retry' | 'park'
      readonly delay: number
      /** Which of the tokens there have ever been, the newest first. */
      readonly which: readonly number[]
      /** Tokens of others too, settled before or never made, and by whoever. */
      readonly odd: boolean
    }
  | { readonly kind: 'parked'; readonly action: 'replay' | 'discard'; readonly which: readonly number[] | undefined }
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'settings'; readonly settings: GroupSettings }
  | { readonly kind: 'restart' }

const settings = fc.record({
  ackTimeoutSeconds: fc.constantFrom(5, 10),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  maxInFlight: fc.constantFrom(1, 3, 100),
  ordering: fc.constantFrom('none', 'stream', 'correlation'),
  damaged: fc.constant('stop'),
})
const by = fc.constantFrom(...CONSUMERS)
const kind = <K extends string>(name: K) => fc.constant(name)
const append = fc.record({
  kind: kind('append'),
  stream: fc.constantFrom(...STREAMS),
  correlation: fc.constantFrom('x', 'y', undefined),
  count: fc.integer({ min: 1, max: 4 }),
})
const take = fc.record({
  kind: kind('take'),
  by,
  max: fc.integer({ min: 1, max: 6 }),
  streams: fc.constantFrom(['s/1', 's/2', 's/3'], ['s/1'], ['s/2', 's/3']),
})
const settle = fc.record({
  kind: kind('settle'),
  by,
  action: fc.constantFrom('ack', 'ack', 'ack', 'skip', 'retry', 'retry', 'park'),
  delay: fc.constantFrom(0, 0, 7),
  which: fc.array(fc.nat(8), { minLength: 1, maxLength: 3 }),
  odd: fc.constantFrom(true, false, false),
})
const parked = fc.record({
  kind: kind('parked'),
  action: fc.constantFrom('replay', 'replay', 'discard'),
  which: fc.option(fc.array(fc.nat(20), { maxLength: 4 }), { nil: undefined }),
})
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: append },
  { weight: 6, arbitrary: take },
  { weight: 8, arbitrary: settle },
  { weight: 1, arbitrary: parked },
  { weight: 3, arbitrary: fc.record({ kind: kind('time'), seconds: fc.constantFrom(1, 4, 6, 11) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('settings'), settings }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('restart') }) },
) as fc.Arbitrary<Command>

class Life {
  readonly clock = new ManualClock()
  readonly store = new MemoryStore({ nodeId: 'n', clock: this.clock })
  private readonly tokens: { readonly token: string; readonly consumer: string }[] = []
  private naive: NaiveGroup
  private group!: Group

  constructor(private rules: GroupSettings) {
    this.naive = new NaiveGroup(this.naiveRules())
  }

  async begin(): Promise<void> {
    await this.open()
    const definition = { filter: { types: ['task'], streams: ['s/*'] }, after: 'start', start: 0, definedBy: 'boss' }
    await this.group.define({ ...definition, ...this.rules })
  }

  async run(command: Command): Promise<void> {
    switch (command.kind) {
      case 'append':
        return this.append(command)
      case 'take':
        return this.take(command)
      case 'settle':
        return this.settle(command)
      case 'parked':
        return this.parked(command)
      case 'time':
        this.clock.move(BigInt(command.seconds) * SECOND)
        return
      case 'settings':
        this.rules = command.settings
        this.naive.change(this.naiveRules())
        if (await this.group.change(command.settings, 'boss')) this.naive.sweep(this.now)
        return
      case 'restart':
        this.group.end()
        return this.open()
    }
  }

  /** Memory, the tail of the log that a start would read, and the whole log say the same. */
  async agree(): Promise<void> {
    const { state } = this.group
    await this.group.settled()
    expect(plain(await readState(this.store, NAME))).toEqual(plain(state))
    const changes: RecordedEvent[] = []
    for await (const event of this.store.read({
      filter: { streams: ['$subscriptions'], tags: [tagOf(NAME)] },
      order: 'desc',
    })) {
      if (event.type !== 'SubscriptionState') changes.push(event)
    }
    expect({ ...plain((await stateFrom(changes)).state), changes: 0 }).toEqual({ ...plain(state), changes: 0 })
    const { inFlight, retrying, parked, floor } = await this.group.progress()
    const unsettled = this.naive.tasks.filter(({ status }) => status === 'new' || status === 'out' || status === 'back')
    expect([inFlight, parked]).toEqual([this.naive.count('out', this.now), this.naive.count('parked', this.now)])
    expect(inFlight + retrying).toBe(unsettled.filter(({ status }) => status !== 'new').length)
    for (const { position, status } of unsettled) if (status === 'new') expect(position).toBeGreaterThan(floor)
  }

  /** Everything that is left can be worked off, each by one token. */
  async workOff(): Promise<void> {
    await this.parked({ kind: 'parked', action: 'replay', which: undefined })
    for (let rounds = 0; this.naive.tasks.some(({ status }) => status !== 'done'); rounds++) {
      expect(rounds).toBeLessThan(200)
      this.clock.move(20n * SECOND)
      const given = await this.group.take({ consumer: 'a', scope: undefined, max: 100, waitMs: 0 })
      this.naive.take('a', () => true, 100, this.now)
      const tokens = given.map(({ token }) => token)
      if (tokens.length > 0) await this.group.settle({ tokens, action: 'ack', by: 'a', forOthers: false })
      expect(this.naive.settle(tokens, 'ack', 'a', this.now)).toEqual([])
      await this.parked({ kind: 'parked', action: 'replay', which: undefined })
    }
    await this.agree()
    const { floor, head } = await this.group.progress()
    expect(floor).toBe(head)
  }

  end(): Promise<void> {
    this.group.end()
    return this.store.close()
  }

  private get now(): number {
    return Number(this.clock.now() / 1_000_000n)
  }

  private naiveRules() {
    const { ackTimeoutSeconds, maxAttempts, maxInFlight, ordering } = this.rules
    return { timeoutMs: 1_000 * ackTimeoutSeconds, maxAttempts, maxInFlight, ordering }
  }

  private async open(): Promise<void> {
    const world = worldOn(this.store, this.clock, 7)
    await this.group?.settled()
    this.group = new Group(NAME, world, await readState(this.store, NAME), () => undefined)
  }

  private async append({ stream, correlation, count }: Extract<Command, { kind: 'append' }>): Promise<void> {
    const of = correlation === undefined ? {} : { correlationId: correlation }
    const events = Array.from({ length: count }, () => ({ type: 'task', stream, data: {}, ...of }))
    const { firstPosition } = await this.store.append({ events, author: { agentId: 'writer' } })
    if (stream !== 'other') for (let i = 0; i < count; i++) this.naive.offer(firstPosition + i, stream, correlation)
  }

  private async take({ by: consumer, max, streams }: Extract<Command, { kind: 'take' }>): Promise<void> {
    const covers = (stream: string) => streams.includes(stream)
    const given = await this.group.take({ consumer, scope: streams, max, waitMs: 0 })
    const wanted = this.naive.take(consumer, covers, max, this.now)
    expect(given.map(({ token, attempt, deadlineMs }) => ({ token, attempt, deadlineMs }))).toEqual(wanted)
    for (const { token, event } of given) expect(token.split('.')[0]).toBe(String(event.position))
    this.tokens.push(...wanted.map(({ token }) => ({ token, consumer })))
  }

  private async settle(command: Extract<Command, { kind: 'settle' }>): Promise<void> {
    const { action, delay } = command
    const { by, tokens } = this.meant(command)
    const wanted = this.naive.settle(tokens, action, by, this.now, 1_000 * delay)
    const settlement = { tokens, action, by, forOthers: false, delaySeconds: delay }
    const stale = await this.group.settle(settlement).then(
      () => [],
      (error: StoreError) => error.errors.map(({ pointer }) => Number(pointer.slice('/tokens/'.length))),
    )
    expect(stale).toEqual(wanted)
  }

  private meant({ by, which, odd }: Extract<Command, { kind: 'settle' }>) {
    const made = which.map(at => this.tokens.at(-1 - at) ?? { token: `1.${1_000 + at}`, consumer: by })
    if (odd) return { by, tokens: made.map(({ token }) => token) }
    const consumer = made.find(({ token }) => this.naive.isOut(token))?.consumer ?? by
    const tokens = made
      .filter(one => one.consumer === consumer && this.naive.isOut(one.token))
      .map(({ token }) => token)
    return { by: consumer, tokens: tokens.length > 0 ? tokens : made.map(({ token }) => token) }
  }

  private async parked({ action, which }: Extract<Command, { kind: 'parked' }>): Promise<void> {
    const all = this.naive.tasks.map(({ position }) => position)
    const positions = which?.map(at => all[at] ?? 9_999)
    expect(await this.group[action](positions, 'boss')).toBe(this.naive[action](positions ?? all, this.now))
  }
}

/** The same for the same state, whatever order its parts were filled in. */
function plain(state: GroupState) {
  const { settled, inFlight: out, retrying: returned, parked, recent, ...rest } = state
  const sorted = <T>(map: ReadonlyMap<number, T>) => [...map].sort(([a], [b]) => a - b)
  const parts = { settled: [...settled].sort((a, b) => a - b), out: sorted(out), returned: sorted(returned) }
  return { ...rest, ...parts, parked: sorted(parked), recent: [...recent] }
}

test(
  'a group lives as the simplest one would',
  async () => {
    let commands = 0
    let lives = 0
    const property = fc.asyncProperty(
      settings,
      fc.array(command, { minLength: 5, maxLength: 60, size: 'max' }),
      async (rules, life) => {
        const lived = new Life(rules as GroupSettings)
        await lived.begin()
        for (const one of life) {
          await lived.run(one)
          await lived.agree()
          commands++
        }
        await lived.workOff()
        await lived.end()
        lives++
      },
    )
    // So many on any machine, and then as many as there is time for.
    await fc.assert(property, { seed: SEED, numRuns: LEAST_LIVES })
    const interruptAfterTimeLimit = RUN_MS
    await fc.assert(property, { numRuns: 1_000_000, interruptAfterTimeLimit, markInterruptAsFailure: false })
    tell('lives of a group', { lives, commands })
  },
  RUN_MS + 120_000,
)
