// Events that a server must refuse, one for each rule of the contract, with the rule that each breaks.
import type { Random } from './random.js'

export interface InvalidEvent {
  /** What is wrong with it, for the title of a test. */
  readonly fault: string
  /** Not an event by intent, so it is typed as anything that could be sent. */
  readonly event: unknown
}

const nested = (depth: number): object => {
  let value: object = {}
  for (let i = 0; i < depth; i++) value = { inner: value }
  return value
}

type Spoil = (good: Readonly<Record<string, unknown>>, random: Random) => unknown

const FAULTS: Readonly<Record<string, Spoil>> = {
  'no type': ({ type: _, ...rest }) => rest,
  'no stream': ({ stream: _, ...rest }) => rest,
  'no data': ({ data: _, ...rest }) => rest,
  'a type that is empty': good => ({ ...good, type: '' }),
  'a type that begins with a digit': (good, random) => ({ ...good, type: `${random.between(0, 9)}Type` }),
  'a type with a space': good => ({ ...good, type: 'Command Validated' }),
  'a type of 129 characters': good => ({ ...good, type: 'T'.repeat(129) }),
  'a type that is a number': (good, random) => ({ ...good, type: random.between(0, 99) }),
  'a stream with a space': good => ({ ...good, stream: 'agent one' }),
  'a stream of the service': good => ({ ...good, stream: '$service' }),
  'a stream of 257 characters': good => ({ ...good, stream: 's'.repeat(257) }),
  'data that is a text': (good, random) => ({ ...good, data: random.hex(8) }),
  'data that is a list': good => ({ ...good, data: [1, 2, 3] }),
  'data that is null': good => ({ ...good, data: null }),
  'data nested 65 deep': good => ({ ...good, data: nested(65) }),
  'data of more than 1 MiB': good => ({ ...good, data: { text: 'x'.repeat(1024 * 1024 + 1) } }),
  'data with half a surrogate pair': good => ({ ...good, data: { text: '\ud800' } }),
  'metadata that is a number': (good, random) => ({ ...good, metadata: random.between(0, 99) }),
  'metadata of more than 64 KiB': good => ({ ...good, metadata: { text: 'x'.repeat(64 * 1024 + 1) } }),
  'tags that are a text': good => ({ ...good, tags: 'team:one' }),
  'a tag that is empty': good => ({ ...good, tags: [''] }),
  '33 tags': good => ({ ...good, tags: Array.from({ length: 33 }, (_, n) => `tag:${n}`) }),
  'a version of the schema that is 0': good => ({ ...good, schemaVersion: 0 }),
  'a version of the schema that is a fraction': good => ({ ...good, schemaVersion: 1.5 }),
  'a correlation that is empty': good => ({ ...good, correlationId: '' }),
  'a cause of 129 characters': good => ({ ...good, causationId: 'c'.repeat(129) }),
  'a parent that is no id of an event': (good, random) => ({ ...good, parents: [random.hex(16)] }),
  'a time that is none': good => ({ ...good, occurredAt: 'yesterday' }),
  'the 30th of February': good => ({ ...good, occurredAt: '2026-02-30T12:00:00Z' }),
  'a field that no event has': (good, random) => ({ ...good, [`field${random.hex(4)}`]: true }),
  'no object at all': (_, random) => random.pick([null, 'event', 7, true]),
}

/** All faults once, in an order that the seed decides. */
export function* invalidEvents(random: Random): Generator<InvalidEvent, void, void> {
  const left = Object.entries(FAULTS)
  while (left.length > 0) {
    const [[fault, spoil]] = left.splice(random.between(0, left.length - 1), 1) as [[string, Spoil]]
    const good = { type: 'CommandExecuted', stream: `agent_${random.hex(4)}`, data: { exitCode: 0 } }
    yield { fault, event: spoil(good, random) }
  }
}
