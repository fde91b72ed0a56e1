// What an attacker does over HTTP: reads, waits, groups, conditions and bodies that are dear, and answers it does not read.
import { longName, TAGS, TYPES } from './filled-store.js'
import type { Front } from './front.js'
import { RawSocket } from './raw-socket.js'

const GLOB_LETTERS = 90
const CONDITION_ITEMS = 32
const KEYS_ALLOWED = 10_000
const KEYS_BEYOND = 99_000

/** Each has to be tried at every place of a name of many letters. */
export function globsOf(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `*${'a'.repeat(GLOB_LETTERS)}b${n}`)
}

/** A stream of the attacker's own where it may write, else one that a guest may read. */
export function targetOf({ orders: { who, agentId } }: Front): string {
  return longName(who === 'agent' ? `agent_${agentId}/` : 'public_')
}

async function globReads(front: Front): Promise<void> {
  const streams = [...globsOf(99), targetOf(front)].map(name => `&stream=${encodeURIComponent(name)}`)
  const path = `/v1/events?limit=1000${streams.join('')}`
  await front.loop(front.scaled(4), 2_000, () => front.ask('reads of a hundred globs', { path }))
}

async function waits(front: Front): Promise<void> {
  const one = (n: number) =>
    front.ask('long polls of a glob', { path: `/v1/events/wait?type=Never${n}&stream=work_*&timeout=50` })
  await front.hold(front.scaled(900), 60, one)
}

/** Each with a consumer that waits, and that nothing there is may be given to. */
async function groups(front: Front): Promise<void> {
  const { blindToken } = front.orders
  const one = async (n: number) => {
    const path = `/v1/subscriptions/hostile-${front.orders.who}-${n}`
    const body = JSON.stringify({ filter: { streams: ['*'] }, after: 'start' })
    const defined = await front.ask('groups defined', { path, method: 'PUT', body })
    if (defined.status >= 400) return defined
    return front.ask('takes that wait', { path: `${path}/take?max=10&wait=30`, method: 'POST', token: blindToken })
  }
  await front.hold(front.scaled(900), 20, one)
}

async function wideConditions(front: Front): Promise<void> {
  const items = Array.from({ length: CONDITION_ITEMS }, () => ({ types: TYPES, tags: TAGS }))
  const event = { type: 'Hostile.Told', stream: targetOf(front), data: {} }
  const body = JSON.stringify({ ...event, condition: { failIfEventsMatch: { items } } })
  await front.loop(front.scaled(20), 5_000, () => front.ask('wide conditions', { path: '/v1/events', body }))
}

async function manyKeys(front: Front, attack: string, keys: number): Promise<void> {
  const data = Object.fromEntries(Array.from({ length: keys }, (_, n) => [`key${n}`, n]))
  const body = JSON.stringify({ type: 'Hostile.Told', stream: targetOf(front), data })
  await front.loop(2, 2_000, () => front.ask(attack, { path: '/v1/events', body }))
}

/** Begins to be answered with all there is, and reads none of it. */
async function deafReaders(front: Front): Promise<void> {
  const attack = 'readers that do not read'
  const { url, token } = front.orders
  const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`
  const hello = `GET /v1/events HTTP/1.1\r\nHost: lighthouse\r\nAccept: application/x-ndjson\r\n${authorization}\r\n`
  const one = async () => {
    front.sent(attack)
    const socket = new RawSocket(url, hello, { reads: false })
    const enough = setTimeout(() => socket.cut(), front.holdMs)
    await socket.answer()
    const { status } = socket
    front.answered(attack, String(status))
    if (status !== 200) socket.cut()
    await socket.end
    clearTimeout(enough)
    return { status, label: '', text: '' }
  }
  await front.hold(front.scaled(900), 60, one)
}

async function metrics(front: Front): Promise<void> {
  await front.loop(4, 0, () => front.ask('metrics in a loop', { path: '/metrics', token: undefined }))
}

async function docs(front: Front): Promise<void> {
  const pages = ['/docs', '/docs/start.js', '/openapi.json']
  const headers = { host: 'evil.example', origin: 'http://evil.example' }
  let next = 0
  const one = () => {
    const path = pages[next++ % pages.length] as string
    return front.ask('docs with an odd host', { path, token: undefined, headers })
  }
  await front.loop(2, 20, one)
}

export const REQUEST_ATTACKS: Readonly<Record<string, (front: Front) => Promise<void>>> = {
  'glob reads': globReads,
  'long polls': waits,
  'groups with waiting consumers': groups,
  'wide conditions': wideConditions,
  'as many keys as are allowed': front => manyKeys(front, 'events of 10,000 keys', KEYS_ALLOWED),
  'more keys than are allowed': front => manyKeys(front, 'events of 99,000 keys', KEYS_BEYOND),
  'readers that do not read': deafReaders,
  'metrics in a loop': metrics,
  'docs with odd hosts': docs,
}
