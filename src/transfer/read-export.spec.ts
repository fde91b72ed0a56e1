// Lines of an export as a file may hold them: whole, cut, doubled, out of order, or of something else altogether.
import { endFrame, errorFrame } from '../wire/frames.js'
import { type ExportedEvent } from './exported-event.js'
import { linesOf, type ReadOptions, readExport } from './read-export.js'

const TIME = 1_790_000_000_000_000_000n
const EVENT = {
  id: `${TIME}_0_node-1`,
  position: 1,
  stream: 's',
  revision: 0,
  type: 't',
  schemaVersion: 1,
  tags: [],
  timestamp: '2026-09-21T14:13:20.000000000Z',
  agentId: 'a',
  checksum: '0'.repeat(64),
  data: {},
}
const numbered = (position: number, parts: object = {}) => ({
  ...EVENT,
  id: `${TIME}_${position}_node-1`,
  position,
  revision: position - 1,
  ...parts,
})
const frame = (event: object, parts: object = {}) => JSON.stringify({ type: 'event', event, ...parts })
const THREE = [frame(numbered(1)), frame(numbered(2)), frame(numbered(3)), endFrame(3, 3)]

async function* chunksOf(text: string, length = 7): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function read(text: string, options?: ReadOptions): Promise<ExportedEvent[]> {
  const found: ExportedEvent[] = []
  for await (const exported of readExport(chunksOf(text), options)) found.push(exported)
  return found
}

const whole = (lines: readonly string[]) => lines.map(line => `${line}\n`).join('')

test('a whole one is read, each event with its line', async () => {
  const found = await read(whole(THREE))
  expect(found.map(({ line, event }) => [line, event.position])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ])
  expect(await read(whole(THREE).trimEnd())).toHaveLength(3)
  expect(await read(whole([endFrame(7, 0)]))).toEqual([])
})

test('only a line feed ends a line', async () => {
  const odd = 'a\u2028b\u2029c\u0085d'
  const [only] = await read(whole([frame(numbered(1, { data: { odd } })), endFrame(1, 1)]))
  expect(only?.event.data).toEqual({ odd })
  const lines = []
  for await (const line of linesOf(chunksOf('a\n\nb\r\nü', 1))) lines.push(line.toString())
  expect(lines).toEqual(['a', '', 'b\r', 'ü'])
})

test('a file that is one endless line is refused before it is all in memory', async () => {
  let given = 0
  async function* endless() {
    for (;;) {
      given++
      yield Buffer.alloc(1024 * 1024, 'a')
    }
  }
  await expect(readExport(endless()).next()).rejects.toThrow('a line has more than 16777216 bytes')
  expect(given).toBe(17)
})

test('a later one begins where it begins, in streams it has not seen begin', async () => {
  expect(await read(whole([frame(numbered(5)), frame(numbered(6)), endFrame(6, 2)]))).toHaveLength(2)
})

test('with gaps where only some were exported', async () => {
  const some = whole([frame(numbered(2)), frame(numbered(9)), endFrame(12, 2)])
  expect(await read(some, { gaps: true })).toHaveLength(2)
  await expect(read(some)).rejects.toThrow('line 2: position 9 follows position 2')
})

test('wherever it is cut, it is refused, and the line is named', async () => {
  const text = whole(THREE)
  for (let length = 0; length < text.length - 1; length++) {
    const line = text.slice(0, length).split('\n').length
    await expect(read(text.slice(0, length))).rejects.toThrow(new RegExp(`^line (${line}|${line + 1}): `))
  }
})

const [A, B, C, END] = THREE as [string, string, string, string]
test.each<[string, string[], string]>([
  ['no JSON', [A, 'nonsense', END], 'line 2: it is not JSON'],
  ['an empty line', [A, '', END], 'line 2: it is empty'],
  ['a key twice', ['{"type":"event","type":"event"}'], 'line 1: '],
  ['no frame', [A, '[]'], 'line 2: is no frame'],
  ['another frame', [A, '{"type":"heartbeat"}'], 'line 2: is no frame'],
  ['a page', ['{"events":[],"next":null,"head":0}'], 'line 1: is no frame'],
  ['a gap', [A, C, END], 'line 2: position 3 follows position 1'],
  ['a line twice', [A, A, B, END], 'line 2: position 1 follows position 1'],
  ['another order', [B, A, END], 'line 2: position 1 follows position 2'],
  ['an id that falls', [A, frame(numbered(2, { id: EVENT.id })), END], 'line 2: the id'],
  [
    'a revision that jumps',
    [A, frame(numbered(2, { revision: 5 })), END],
    'line 2: revision 5 of s follows revision 0',
  ],
  [
    'a stream that does not begin',
    [frame(numbered(1, { revision: 3 })), END],
    'line 1: revision 3 of s follows revision -1',
  ],
  ['an end too early', [A, endFrame(1, 1), B], 'line 3: nothing may follow the end'],
  ['an end that counts otherwise', [A, B, endFrame(2, 3)], 'line 3: the end tells of 3 events, and 2 came'],
  ['an end elsewhere', [A, B, endFrame(5, 2)], 'line 3: the end is at position 5'],
  [
    'a failure',
    [A, errorFrame({ code: 'DATA_CORRUPT' })],
    'line 2: the export itself has failed: {"code":"DATA_CORRUPT"}',
  ],
  ['no event', ['{"type":"event"}'], 'line 1: the frame holds no event'],
  ['an id of a subscription', [frame(EVENT, { id: 's1' })], 'line 1: a frame of an event has no "id"'],
  ['a record that is no base64', [frame(EVENT, { record: '*' })], 'line 1: record must be base64'],
])('%s is refused', async (_, lines, words) => {
  await expect(read(whole(lines))).rejects.toThrow(words)
})

test.each<[string, object, string]>([
  ['an id', { id: 'x' }, 'id is no event id'],
  ['a position', { position: 0 }, 'position must be'],
  ['a revision', { revision: -1 }, 'revision must be'],
  ['a time that is not in the id', { timestamp: '2026-09-21T14:13:20.000000001Z' }, 'timestamp is not'],
  ['a checksum', { checksum: 'abc' }, 'checksum must be'],
  ['an agent', { agentId: '' }, '/author/agentId'],
  ['a stream', { stream: 'a b' }, '/stream'],
  ['a service stream by anyone', { stream: '$own' }, '/stream'],
  ['data', { data: [] }, '/data'],
  ['a field nobody knows', { extra: 1 }, '/extra'],
  ['no tags', { tags: undefined }, 'a field is missing'],
])('what is no event is refused: %s', async (_, parts, words) => {
  await expect(read(whole([frame({ ...EVENT, ...parts })]))).rejects.toThrow(words)
})

test('a service stream by the service is read', async () => {
  const own = { stream: '$own', agentId: '$service' }
  expect(await read(whole([frame({ ...EVENT, ...own }), endFrame(1, 1)]))).toHaveLength(1)
})
