// The SDKs of CloudEvents, both ways: what they write is taken, and what comes back is to them the event that they wrote.
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from '@jest/globals'
import { EventsModule } from '../../src/events/events.module.js'
import { ADMIN, bearerOf, useServer } from '../support/http-server-under-test.js'
import {
  type Attributes,
  javaScript,
  type Message,
  type Mode,
  python,
  readBatch,
  type Sdk,
} from './cloud-events-sdks.js'
import { type ByDesign, hold, type Judged, unlessHere } from './judge.js'

const without = unlessHere('judges-of-npm', 'judges-of-pypi')
// skip: the SDKs are not here; the names of the tests say so
const withSdks = without === '' ? test : test.skip
const server = useServer(EventsModule)

const EVENT = { specversion: '1.0', type: 'order.placed', datacontenttype: 'application/json', data: { n: 1 } }
const OURS = { ...EVENT, source: '/streams/orders' }
const FOREIGN = { ...EVENT, source: 'https://shop.example/orders?of=all#top', stream: 'orders' }

/** By what each of them shows; an `id` is made for each way it goes. */
const EVENTS: Readonly<Record<string, Attributes>> = {
  plain: OURS,
  foreign: { ...FOREIGN, subject: 'o-17', dataschema: 'https://shop.example/schema?v=2' },
  'unusual texts': { ...FOREIGN, id: 'ü/%41 "1"', subject: 'Euro € 🎉', partitionkey: 'wholly "sure", at 100 %25' },
  integers: { ...FOREIGN, count: 7, lowest: -2_147_483_648 },
  truth: { ...FOREIGN, late: false },
  'our own attributes': {
    ...OURS,
    correlationid: 'c-1',
    causationid: 'cause',
    sessionid: 's-1',
    schemaversion: '3',
    tags: '["a","b"]',
    parents: '["1_0_a"]',
    metadata: '{"tool":"ci"}',
  },
  time: { ...OURS, time: '2026-01-31T12:00:00.123Z' },
  'time elsewhere': { ...OURS, time: '2026-01-31T12:00:00.5+02:00' },
  'deep data': { ...OURS, data: { a: [{ b: [1.5, -2, null, true, ''] }], 'ü "€"': { '': {} }, big: 1e300 } },
  'empty data': { ...OURS, data: {} },
  tracing: {
    ...FOREIGN,
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    tracestate: 'a=1,b=2',
  },
  recorded: { ...FOREIGN, recordedtime: '2026-01-31T12:00:01Z', position: '9', checksum: 'theirs' },
}

const MODES: readonly Mode[] = ['binary', 'structured']
const SAME = 'the same event'

/** What the SDKs write in headers otherwise than the binding says, by cases. */
const OF_THE_SDKS: ByDesign = {
  'JavaScript binary unusual texts': {
    got: 'not sent: ce-id is not encoded',
    because: 'what is no printable ASCII is percent-encoded in headers, which this SDK leaves out',
  },
  'Python binary truth': {
    got: 'late is "False"',
    because: 'truth is written as true and false, and this SDK writes it as Python does',
  },
}

withSdks(`CloudEvents: what the SDKs write comes back to them as it was${without}`, async () => {
  const judged: Judged[] = []
  for (const sdk of [javaScript, python]) for (const mode of MODES) judged.push(...(await judge(sdk, mode)))
  hold('CloudEvents SDKs', judged, OF_THE_SDKS)
})

withSdks(`an attribute that is lost or another one, and data that is, are noticed${without}`, () => {
  for (const event of Object.values(EVENTS)) {
    const sent = { ...event, id: 'i' }
    const carried = Object.fromEntries(Object.entries(sent).filter(([name]) => ASSIGNED.has(name) || isForeign(sent)))
    const metadata = JSON.stringify({ ...metadataOf(event), cloudevent: { ...carried, id: 'i' } })
    const back: Attributes = { ...sent, source: '/streams/orders', metadata }
    expect(differences(sent, back, 'structured')).toEqual([])
    for (const name of [...Object.keys(back)].filter(one => !ASSIGNED.has(one) && one !== 'stream' && one !== 'id'))
      for (const other of [undefined, '{}'])
        expect(differences(sent, { ...back, [name]: other }, 'structured')).not.toEqual([])
  }
})

async function judge(sdk: Sdk, mode: Mode): Promise<Judged[]> {
  const sent = Object.entries(EVENTS).map(([name, event]) => {
    // Another each time, because an event that is known is not stored once more.
    return { ...event, id: `${sdk.name} ${mode}/${event['id'] ?? name}` }
  })
  const fates: (string | number)[] = []
  for (const message of sdk.write(sent)) fates.push(await append(message[mode]))
  const taken = fates.filter(fate => typeof fate === 'number')
  const bodies = await Promise.all(
    taken.map(position => asked(`/v1/events/${position}`, 'application/cloudevents+json')),
  )
  const first = Math.min(...taken, server.store.head() + 1)
  const page = await asked(`/v1/events?after=${first - 1}`, 'application/cloudevents-batch+json')
  const [read, paged] = [sdk.read(bodies), readBatch(page)]
  return Object.keys(EVENTS).map((event, nth) => {
    const name = `${sdk.name} ${mode} ${event}`
    const fate = fates[nth] as string | number
    if (typeof fate === 'string') return { name, expected: SAME, got: fate }
    const at = taken.indexOf(fate)
    const faults = [read[at], paged[at]].flatMap(back => differences(sent[nth] as Attributes, back ?? {}, mode))
    return { name, expected: SAME, got: faults.length === 0 ? SAME : [...new Set(faults)].join('; ') }
  })
}

/** The position, or why there is none. */
async function append({ headers, body }: Message): Promise<string | number> {
  const asText = Object.entries(headers).map(([name, value]) => [name, String(value)] as const)
  const unsendable = asText.find(([, value]) => !/^[\x20-\x7e]*$/.test(value))
  if (unsendable !== undefined) return `not sent: ${unsendable[0]} is not encoded`
  const answer = await fetch(`${server.url}/v1/events`, {
    method: 'POST',
    headers: { ...Object.fromEntries(asText), authorization: bearerOf(ADMIN) },
    body: body as never,
  })
  const { position, code, detail } = (await answer.json()) as { position: number; code: string; detail: string }
  return answer.status === 201 ? position : `${answer.status} ${code}: ${detail}`
}

async function asked(path: string, accept: string): Promise<string> {
  const answer = await fetch(server.url + path, { headers: { authorization: bearerOf(ADMIN), accept } })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}

function metadataOf({ metadata }: Attributes): { readonly cloudevent?: Attributes } {
  return typeof metadata === 'string' ? JSON.parse(metadata) : {}
}

/** What the log gives every event itself; that of somebody else is kept beside it. */
const ASSIGNED = new Set(['recordedtime', 'position', 'checksum', 'traceparent'])

function isForeign({ source }: Attributes): boolean {
  return source !== '/streams/orders'
}

/** Headers are texts, so what was another scalar comes back as its text. */
function differences(sent: Attributes, back: Attributes, mode: Mode): string[] {
  const { id, source, stream, data, time, metadata, ...attributes } = sent
  const { cloudevent = {}, ...ownMetadata } = metadataOf(back)
  const moment = (text: unknown) => (text === undefined ? 'none' : Date.parse(String(text)))
  const pairs: (readonly [string, unknown, unknown])[] = [
    ['data', back['data'], data],
    ['id', cloudevent['id'], id],
    ['source', back['source'], '/streams/orders'],
    ['source carried', cloudevent['source'], isForeign(sent) ? source : undefined],
    ['metadata', ownMetadata, metadataOf(sent)],
  ]
  if (time !== undefined) pairs.push(['time', moment(back['time']), moment(time)])
  for (const [name, value] of Object.entries(attributes)) {
    const got = ASSIGNED.has(name) ? cloudevent[name] : back[name]
    pairs.push([name, got, mode === 'binary' ? String(value) : value])
  }
  return pairs
    .filter(([, got, wanted]) => !isDeepStrictEqual(got, wanted))
    .map(([name, got]) => `${name} is ${JSON.stringify(got)}`)
}
