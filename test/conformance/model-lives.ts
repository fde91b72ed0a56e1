// Random lives of a store and of its model side by side: whatever is asked, both answer the same.
import fc from 'fast-check'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import type { NewEvent } from '../../src/contract/event.js'
import { compareIds, type IdParts, parseId } from '../../src/contract/event-id.js'
import type { AppendRequest, EventStore, ReadRequest } from '../../src/contract/event-store.js'
import { must } from '../crash/ack-journal.js'
import { SEED, tell } from '../support/effort.js'
import { FakeDisk } from '../support/fake-disk.js'
import { HOUR, ManualClock, MINUTE, NEW_YEAR, SECOND, YEAR } from '../support/manual-clock.js'
import {
  Append,
  Ask,
  Crash,
  Find,
  type Model,
  MoveClock,
  PassTime,
  Read,
  ReadTimes,
  type Real,
  Reopen,
  readAll,
  type Step,
  told,
} from './model-commands.js'

const stream = fc.constantFrom('a', 'b', 'orders/1', 'orders/2')
const type = fc.constantFrom('opened', 'paid', 'paid.late')
const tag = fc.constantFrom('vip', 'eu', 'x')
const agent = fc.constantFrom('a1', 'a2')
const reference = fc.constantFrom('r1', 'r2')
const payload = fc.oneof(
  fc.constant({}),
  fc.record({ n: fc.integer(), text: fc.string({ maxLength: 40, unit: 'grapheme' }) }),
  fc.dictionary(
    fc.constantFrom('__proto__', 'constructor', 'ä', '1', '0'),
    fc.constantFrom<number | string | null>(0, 'x', null),
  ),
  fc.record({ filler: fc.nat(900).map(length => 'f'.repeat(length)) }),
)

/** Without the fields that are undefined, for an absent field and an undefined one are the same. */
function some<T extends object>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return arbitrary.map(value => Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T)
}

function option<T>(arbitrary: fc.Arbitrary<T>, absent = 2): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: absent, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}

const event: fc.Arbitrary<NewEvent> = some(
  fc.record({
    type,
    stream,
    data: payload,
    metadata: option(payload),
    tags: option(fc.uniqueArray(tag, { maxLength: 3 })),
    schemaVersion: option(fc.integer({ min: 1, max: 3 })),
    correlationId: option(reference),
    causationId: option(reference),
    sessionId: option(reference),
  }) as fc.Arbitrary<NewEvent>,
)

const badEvent = fc.constantFrom({ type: '1', stream: 'a', data: {} }, { type: 't', stream: '$own', data: {} })

const revision = fc.oneof(fc.constantFrom('any', 'none', 'exists'), fc.integer({ min: -1, max: 6 }))

const request: fc.Arbitrary<AppendRequest> = some(
  fc.record({
    events: fc.oneof(
      { weight: 30, arbitrary: fc.array(event, { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: badEvent.map(bad => [bad]) },
    ),
    author: some(
      fc.record({ agentId: agent, correlationId: option(reference), onBehalfOf: option(fc.constant(['boss'])) }),
    ),
    expectations: option(
      fc.uniqueArray(fc.record({ stream, expectedRevision: revision }), {
        maxLength: 2,
        selector: item => item.stream,
      }),
      6,
    ),
    condition: option(
      some(
        fc.record({
          failIfEventsMatch: fc.record({
            items: fc.array(
              some(
                fc.record({
                  types: option(fc.uniqueArray(type, { maxLength: 2 })),
                  tags: option(fc.uniqueArray(tag, { minLength: 1, maxLength: 2 })),
                }),
              ),
              { minLength: 1, maxLength: 2 },
            ),
          }),
          after: option(fc.nat(40), 1),
        }),
      ),
      6,
    ),
    key: option(fc.constantFrom('k1', 'k2', 'k3')),
  }) as fc.Arbitrary<AppendRequest>,
)

const glob = fc.constantFrom('*', 'a', 'orders/*', '*/1', 'o*1', 'none', '$*')

const read: fc.Arbitrary<ReadRequest> = some(
  fc.record({
    filter: option(
      some(
        fc.record({
          streams: option(fc.uniqueArray(glob, { maxLength: 2 })),
          types: option(fc.uniqueArray(fc.constantFrom('*', 'paid', 'paid*', 'opened'), { maxLength: 2 })),
          tags: option(fc.uniqueArray(tag, { maxLength: 2 })),
          agents: option(fc.uniqueArray(agent, { maxLength: 2 })),
          correlationId: option(reference),
          causationId: option(reference),
          sessionId: option(reference),
        }),
      ),
    ),
    after: option(fc.nat(60)),
    before: option(fc.nat(60)),
    order: option(fc.constantFrom('asc', 'desc')),
    limit: option(fc.integer({ min: 1, max: 12 })),
  }) as fc.Arbitrary<ReadRequest>,
)

const jump = fc.constantFrom(SECOND, MINUTE, 25n * HOUR, 10n * YEAR, -MINUTE, -3n * HOUR, -10n * YEAR)

const pause = fc.constantFrom(MINUTE, 5n * HOUR, 26n * HOUR)

type Counts = Record<string, number>

/** The same step, counted when it is taken. */
function counted<T extends Step>(counts: Counts, name: string, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return arbitrary.map(step => {
    const run = step.run.bind(step)
    step.run = async (model, real) => {
      counts[name] = (counts[name] ?? 0) + 1
      await run(model, real)
    }
    return step
  })
}

const stepsOf = (counts: Counts) => [
  ...Array.from({ length: 4 }, () =>
    counted(
      counts,
      'appends',
      fc.array(request, { minLength: 1, maxLength: 1 }).map(all => new Append(all)),
    ),
  ),
  counted(
    counts,
    'bursts',
    fc.array(request, { minLength: 2, maxLength: 4 }).map(all => new Append(all)),
  ),
  ...Array.from({ length: 2 }, () =>
    counted(
      counts,
      'reads',
      read.map(one => new Read(one)),
    ),
  ),
  counted(
    counts,
    'timed reads',
    fc.tuple(fc.nat(50), fc.nat(50), fc.constantFrom('asc', 'desc')).map(all => new ReadTimes(...all)),
  ),
  counted(
    counts,
    'finds',
    fc.nat(70).map(position => new Find(position)),
  ),
  counted(
    counts,
    'questions',
    stream.map(name => new Ask(name)),
  ),
  counted(
    counts,
    'clock jumps',
    jump.map(by => new MoveClock(by)),
  ),
  counted(
    counts,
    'times passed',
    pause.map(by => new PassTime(by)),
  ),
  counted(
    counts,
    'restarts',
    fc.constant(undefined).map(() => new Reopen()),
  ),
  counted(
    counts,
    'crashes',
    fc.tuple(fc.constantFrom('lose-all', 'keep-all', 'random', 'kill'), fc.nat(1_000)).map(all => new Crash(...all)),
  ),
]

/** Opens the store under test on a disk; the crashes of a life give it others. */
export type OpenReal = (disk: FakeDisk, clock: ManualClock, options: Partial<EmbeddedOptions>) => Promise<EventStore>

async function begin(openReal: OpenReal): Promise<{ model: Model; real: Real }> {
  const disk = new FakeDisk({ directories: ['/'], seed: SEED })
  const clock = new ManualClock()
  const modelClock = new ManualClock()
  const open = (where: FakeDisk) =>
    openReal(where, clock, { segmentBytes: 5_000, sealOnCloseBytes: 4_600, monotonic: clock.steady })
  const model = {
    store: new MemoryStore({ nodeId: 'n1', clock: modelClock, monotonic: modelClock.steady }),
    clock: modelClock,
    keys: new Map(),
    latest: NEW_YEAR,
    restarts: 0,
    wasBehind: false,
  }
  return { model, real: { store: await open(disk), disk, clock, open } }
}

/** In the end both hold the same, times and ids rise on either side, and nothing is left open. */
async function end({ model, real }: { model: Model; real: Real }, counts: Counts): Promise<void> {
  const found = await readAll(real.store)
  const wanted = await readAll(model.store)
  must(
    found.map(told).join() === wanted.map(told).join(),
    () => 'in the end the store holds other events than the model',
  )
  for (const events of [found, wanted]) {
    const ids = events.map(({ id }) => parseId(id) as IdParts)
    for (let at = 1; at < ids.length; at++) {
      must(compareIds(ids[at - 1] as IdParts, ids[at] as IdParts) < 0, () => `id ${events[at]?.id} does not rise`)
    }
  }
  counts['rotations'] = (counts['rotations'] ?? 0) + Number(real.store.status().details['segments']) - 1
  counts['events'] = (counts['events'] ?? 0) + found.length
  await real.store.close()
  must(real.disk.openFiles.length === 0, () => `still open: ${real.disk.openFiles.join()}`)
}

/** Lives as many as there is time for, and tells how many and of what. */
export async function liveAlike(name: string, openReal: OpenReal, runMs: number): Promise<void> {
  const counts: Counts = {}
  let lives = 0
  const property = fc.asyncProperty(fc.commands(stepsOf(counts), { maxCommands: 60, size: '+1' }), async commands => {
    const sides = await begin(openReal)
    await fc.asyncModelRun(() => sides, commands)
    await end(sides, counts)
    lives++
  })
  await fc.assert(property, {
    seed: SEED,
    numRuns: 1_000_000,
    interruptAfterTimeLimit: runMs,
    markInterruptAsFailure: false,
  })
  tell(name, { lives, ...counts })
  for (const step of ['appends', 'bursts', 'reads', 'restarts', 'crashes', 'rotations', 'clock jumps']) {
    must((counts[step] ?? 0) > 0, () => `this gate proved nothing: ${step} 0`)
  }
}
