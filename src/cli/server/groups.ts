// `lighthouse groups`: consumer groups, what they deliver, and what was parked.
import type { Delivery, GroupDefinition, GroupStatus } from '#client'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { Refused, Usage } from '../usage-error.js'
import type { Wish } from './address.js'
import { askedFilter, type FilterWish, numberFrom } from './options.js'
import { eventLine, inTable, printObject, printRows } from './print.js'
import { all } from './reading.js'
import { withServer } from './server.js'

interface GroupWish extends Wish {
  readonly json?: boolean
}

export async function listGroups(wish: GroupWish, terminal: Terminal): Promise<number> {
  const groups = await withServer(wish, terminal, ({ lighthouse }) => all(lighthouse.groups()))
  const row = ({ name, progress }: GroupStatus) => {
    const { lag, inFlight, retrying, parked, consumers, stalled } = progress
    return [name, lag, inFlight, retrying, parked, consumers, stalled === null ? '' : `stalled: ${stalled.code}`]
  }
  const head = ['GROUP', 'LAG', 'IN FLIGHT', 'RETRYING', 'PARKED', 'CONSUMERS', '']
  const none = 'There is no group that this token may see. lighthouse groups define makes one.'
  await printRows(groups, { json: wish.json, table: () => inTable(head, groups.map(row)), none }, terminal)
  return EXIT.clean
}

export async function showGroup(name: string, wish: GroupWish, terminal: Terminal): Promise<number> {
  const status = await withServer(wish, terminal, ({ lighthouse }) => lighthouse.group(name).status())
  if (status === undefined) throw noGroup(name)
  await printObject(status, terminal)
  return EXIT.clean
}

function noGroup(name: string): Refused {
  const next = `lighthouse groups list shows those there are; lighthouse groups define ${name} makes it.`
  return new Refused('NOT_FOUND', `There is no group ${JSON.stringify(name)} that this token may see.`, next)
}

interface DefineWish extends GroupWish, FilterWish {
  readonly after?: string
  readonly ordering?: string
  readonly 'ack-timeout'?: string
  readonly 'max-attempts'?: string
}

export async function defineGroup(name: string, wish: DefineWish, terminal: Terminal): Promise<number> {
  const { after } = wish
  const definition: GroupDefinition = {
    ...askedFilter(wish),
    after: after !== undefined && /^\d+$/.test(after) ? Number(after) : after,
    ordering: orderingOf(wish.ordering),
    ackTimeoutSeconds: numberFrom('ack-timeout', wish['ack-timeout']),
    maxAttempts: numberFrom('max-attempts', wish['max-attempts']),
  }
  const status = await withServer(wish, terminal, ({ lighthouse }) => lighthouse.group(name).define(definition))
  if (wish.json) await printObject(status, terminal)
  else await terminal.out(`the group ${name} begins at position ${status.start}`)
  return EXIT.clean
}

const ORDERINGS = ['none', 'stream', 'correlation'] as const

function orderingOf(text: string | undefined): GroupDefinition['ordering'] {
  const found = ORDERINGS.find(known => known === text)
  if (text !== undefined && found === undefined) throw new Usage(`--ordering takes one of ${ORDERINGS.join(', ')}`)
  return found
}

export async function deleteGroup(name: string, wish: GroupWish, terminal: Terminal): Promise<number> {
  await withServer(wish, terminal, ({ lighthouse }) => lighthouse.group(name).delete())
  if (wish.json) await printObject({ deleted: name }, terminal)
  else await terminal.out(`the group ${name} is deleted; the events stay`)
  return EXIT.clean
}

interface TakeWish extends GroupWish {
  readonly max?: string
  readonly wait?: string
  readonly ack?: boolean
}

/** What was taken is acknowledged only when it has been printed. */
export async function takeFrom(name: string, wish: TakeWish, terminal: Terminal): Promise<number> {
  const max = numberFrom('max', wish.max)
  const waitSeconds = numberFrom('wait', wish.wait) ?? 0
  return await withServer(wish, terminal, async ({ lighthouse }) => {
    const deliveries = await lighthouse.group(name).take({ max, waitSeconds })
    for (const delivery of deliveries)
      await terminal.out(wish.json ? JSON.stringify(delivery) : inWords(delivery, terminal))
    if (deliveries.length === 0) terminal.err('Nothing is due.')
    else if (wish.ack) {
      await lighthouse.group(name).ack(deliveries.map(({ token }) => token))
      terminal.err(`${deliveries.length} acknowledged`)
    } else if (!wish.json) terminal.err(`acknowledge with: lighthouse groups ack ${name} TOKEN, before the deadline`)
    return EXIT.clean
  })
}

function inWords({ token, attempt, deadline, event }: Delivery, terminal: Terminal): string {
  return `${token} attempt ${attempt} until ${deadline} ${eventLine(event, terminal)}`
}

export async function ackDeliveries(
  name: string,
  tokens: readonly string[],
  wish: GroupWish,
  terminal: Terminal,
): Promise<number> {
  if (tokens.length === 0)
    throw new Usage('the tokens of the deliveries are missing; lighthouse groups take prints them')
  await withServer(wish, terminal, ({ lighthouse }) => lighthouse.group(name).ack(tokens))
  if (wish.json) await printObject({ acknowledged: tokens.length }, terminal)
  else await terminal.out(`${tokens.length} acknowledged`)
  return EXIT.clean
}

export async function listParked(
  name: string,
  wish: GroupWish & { readonly limit?: string },
  terminal: Terminal,
): Promise<number> {
  const limit = numberFrom('limit', wish.limit)
  const parked = await withServer(wish, terminal, ({ lighthouse }) =>
    all(lighthouse.group(name).parked(limit === undefined ? {} : { limit })),
  )
  const table = () =>
    inTable(
      ['POSITION', 'ATTEMPTS', 'SINCE', 'TYPE', 'REASON'],
      parked.map(({ position, attempts, at, event, reason }) => [position, attempts, at, event?.type, reason]),
    )
  await printRows(parked, { json: wish.json, table, none: 'Nothing is parked.' }, terminal)
  return EXIT.clean
}

interface SettleWish extends GroupWish {
  readonly all?: boolean
}

/** All that is parked is meant only where it is said, because neither can be taken back. */
export async function settleParked(
  what: 'replay' | 'discard',
  name: string,
  given: readonly string[],
  { wish, terminal }: { readonly wish: SettleWish; readonly terminal: Terminal },
): Promise<number> {
  if ((given.length === 0) !== (wish.all === true))
    throw new Usage('name the positions that are meant, or say --all; lighthouse groups parked lists them')
  const positions = wish.all ? undefined : given.map(position => numberFrom('position', position))
  const count = await withServer(wish, terminal, ({ lighthouse }) => {
    const group = lighthouse.group(name)
    return what === 'replay' ? group.replayParked(positions) : group.discardParked(positions)
  })
  if (wish.json) await printObject({ [what === 'replay' ? 'replayed' : 'discarded']: count }, terminal)
  else await terminal.out(`${count} ${what === 'replay' ? 'will be delivered again' : 'given up'}`)
  return EXIT.clean
}
