// Opens a damaged store and says what became of each event, asked for in every way there is: never a wrong event, never a silent gap.
import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import type { DamagedRange, ReadRequest } from '../../src/contract/event-store.js'
import { cataloguedCode, fingerprint, must } from '../crash/ack-journal.js'
import type { FakeDisk } from '../support/fake-disk.js'
import { openSmall, type SmallStore } from './small-store.js'

export type Fate = 'right' | 'damaged' | 'absent'

export interface Verdict {
  /** `refused`: the store does not open, and says by name why. */
  readonly kind: 'sound' | 'torn' | 'corrupt' | 'refused'
  readonly code?: string
  readonly fates: readonly Fate[]
  readonly damaged: readonly DamagedRange[]
}

export async function judge(disk: FakeDisk, store: SmallStore): Promise<Verdict> {
  const before = logsOf(disk)
  const opened = await openSmall(disk).catch(cataloguedCode)
  if (typeof opened === 'string') return { kind: 'refused', code: opened, fates: [], damaged: [] }
  const fates: Fate[] = []
  for (let position = 1; position <= store.events.length; position++) fates.push(await fateOf(opened, store, position))
  await askEveryWay(opened, store, fates)
  const { damaged, write, details } = opened.status()
  const corrupt = damaged.length > 0
  must(write.writable !== corrupt, () => `${JSON.stringify(write)} with ${damaged.length} damaged ranges`)
  for (const [at, fate] of fates.entries()) {
    const told = damaged.some(({ from, to }) => from <= at + 1 && at + 1 <= to)
    must(fate !== 'damaged' || told, () => `position ${at + 1} is damaged and no range says so`)
    must(!(fate === 'right' && told), () => `position ${at + 1} can be read and is reported as damaged`)
  }
  await (corrupt ? mustNotWrite(opened, disk, before) : mustWrite(opened))
  await opened.close()
  const torn = Number(details['tornBytes']) > 0 || fates.includes('absent')
  return { kind: corrupt ? 'corrupt' : torn ? 'torn' : 'sound', fates, damaged: [...damaged] }
}

async function fateOf(opened: EmbeddedStore, { events, ids }: SmallStore, position: number): Promise<Fate> {
  const byPosition = await fateBy(opened, position, events[position - 1] as string)
  const byId = await fateBy(opened, ids[position - 1] as string, events[position - 1] as string)
  const agree = byId === byPosition || byId === 'absent'
  must(agree, () => `position ${position} is ${byPosition}, by its id ${byId}`)
  must(byPosition !== 'right' || byId === 'right', () => `position ${position} cannot be found by its id`)
  return byPosition
}

async function fateBy(opened: EmbeddedStore, key: number | string, expected: string): Promise<Fate> {
  try {
    const event = await opened.find(key)
    if (event === undefined) return 'absent'
    must(fingerprint(event) === expected, () => `${key} answers ${fingerprint(event)}`)
    return 'right'
  } catch (error) {
    const code = cataloguedCode(error)
    must(code === 'DATA_CORRUPT', () => `${key} answers ${code}`)
    return 'damaged'
  }
}

const REQUESTS: readonly ReadRequest[] = [
  {},
  { order: 'desc' },
  { filter: { streams: ['a'] } },
  { filter: { streams: ['*'], tags: ['t1'] }, order: 'desc' },
]

async function askEveryWay(opened: EmbeddedStore, store: SmallStore, fates: readonly Fate[]): Promise<void> {
  for (const request of REQUESTS) {
    const told: DamagedRange[] = []
    const wanted = expectedOf(request, store)
    const found: string[] = []
    for await (const event of opened.read({ ...request, onDamaged: range => told.push(range) }))
      found.push(fingerprint(event))
    const right = wanted.filter(position => fates[position - 1] === 'right').map(position => store.events[position - 1])
    must(
      found.join() === right.join(),
      () => `${JSON.stringify(request)} reads ${found.length} events of ${right.length}`,
    )
    for (const position of wanted) {
      if (fates[position - 1] !== 'damaged') continue
      const named = told.some(({ from, to }) => from <= position && position <= to)
      must(named, () => `${JSON.stringify(request)} passes over damaged position ${position} in silence`)
    }
    await readUntilDamage(opened, request, wanted, store, fates)
  }
}

/** Without being asked to skip, a read ends at the damage with its name and never before. */
async function readUntilDamage(
  opened: EmbeddedStore,
  request: ReadRequest,
  wanted: readonly number[],
  { events }: SmallStore,
  fates: readonly Fate[],
): Promise<void> {
  const damagedAt = wanted.findIndex(position => fates[position - 1] === 'damaged')
  const found: string[] = []
  let code = ''
  try {
    for await (const event of opened.read(request)) found.push(fingerprint(event))
  } catch (error) {
    code = cataloguedCode(error)
  }
  must(
    damagedAt < 0 || code === 'DATA_CORRUPT',
    () => `${JSON.stringify(request)} ends at damage with ${code || 'nothing'}`,
  )
  const readable = wanted.filter(position => fates[position - 1] === 'right').map(position => events[position - 1])
  must(
    readable.join().startsWith(found.join()),
    () => `${JSON.stringify(request)} reads something else before the damage`,
  )
}

/** The positions that match, in the order of the request, by the events themselves. */
function expectedOf({ filter, order }: ReadRequest, { events }: SmallStore): number[] {
  const positions: number[] = []
  for (const [at, text] of events.entries()) {
    const { stream, tags } = JSON.parse(text) as { stream: string; tags: string[] }
    const streamFits = filter?.streams === undefined || filter.streams.includes('*') || filter.streams.includes(stream)
    if (streamFits && (filter?.tags ?? []).every(tag => tags.includes(tag))) positions.push(at + 1)
  }
  return order === 'desc' ? positions.reverse() : positions
}

async function mustNotWrite(opened: EmbeddedStore, disk: FakeDisk, before: string): Promise<void> {
  const refusal = await opened.append(ANOTHER).catch(cataloguedCode)
  must(refusal === 'READ_ONLY', () => `an append to a damaged store is ${JSON.stringify(refusal)}`)
  must(logsOf(disk) === before, () => 'a damaged log was changed')
}

async function mustWrite(opened: EmbeddedStore): Promise<void> {
  const head = opened.head()
  const { firstPosition } = await opened.append(ANOTHER)
  must(firstPosition === head + 1, () => `an append goes to ${firstPosition} after head ${head}`)
}

const ANOTHER = { events: [{ type: 'noted', stream: 'a', data: {} }], author: { agentId: 'a1' } }

function logsOf(disk: FakeDisk): string {
  const logs = disk.files().filter(path => path.endsWith('.log'))
  return logs.map(path => `${path} ${Buffer.from(disk.bytes(path)).toString('latin1')}`).join()
}
