// What is asked of consumer groups: those of others, and those that somebody defines in order to find out.
import type { Answers } from './surfaces.js'
import type { View } from './twin.js'

/** Who operates the server sees every group as it is. */
const operates = ({ as }: View) => as.permissions?.['admin.read'] !== undefined

const list = async (view: View): Promise<Answers> =>
  operates(view)
    ? {}
    : {
        all: await view.ask('/v1/subscriptions?limit=100'),
        one: await view.ask('/v1/subscriptions?limit=1'),
      }

/** Of a group with everything in it that an operator has defined, and of one that is none. */
async function others(view: View): Promise<Answers> {
  const found: Answers = {}
  for (const name of operates(view) ? ['none'] : ['ops', 'none']) {
    const path = `/v1/subscriptions/${name}`
    found[`view ${name}`] = await view.ask(path)
    found[`parked ${name}`] = await view.ask(`${path}/parked`)
    found[`take ${name}`] = await view.ask(`${path}/take?max=100`, { method: 'POST' })
    for (const what of ['ack', 'nack']) {
      const json = { tokens: ['1.1'], ...(what === 'nack' ? { action: 'skip' } : undefined) }
      found[`${what} ${name}`] = await view.ask(`${path}/${what}`, { json })
    }
    for (const what of ['replay', 'discard'])
      found[`${what} ${name}`] = await view.ask(`${path}/parked/${what}`, { json: {} })
    found[`delete ${name}`] = await view.ask(path, { method: 'DELETE' })
  }
  return found
}

const filtersOf = ({ someHidden, hidden }: View): object[] => [
  {},
  { streams: ['secret_*'] },
  { types: ['Closed'] },
  { tags: ['red'] },
  ...someHidden.flatMap(({ stream, agent, correlation }) => [
    { streams: [stream] },
    { agents: [agent], correlationId: correlation },
  ]),
  ...(hidden.length > 0 ? [{ sessionId: `session of ${hidden[0]?.agent}` }] : []),
]

async function own(view: View): Promise<Answers> {
  const found: Answers = {}
  for (const [n, filter] of filtersOf(view).entries()) {
    const path = `/v1/subscriptions/mine-${n}`
    found[`define ${n}`] = await view.ask(path, { method: 'PUT', json: { filter, after: 'start' } })
    const life: unknown[] = [await view.ask(path)]
    const taken = (await view.ask(`${path}/take?max=100`, { method: 'POST' })) as {
      body: { deliveries?: { token: string }[] }
    }
    const [parked, skipped, ...rest] = taken.body.deliveries?.map(({ token }) => token) ?? []
    life.push(taken, await view.ask(path))
    if (parked !== undefined)
      life.push(await view.ask(`${path}/nack`, { json: { tokens: [parked], action: 'park', reason: 'why not' } }))
    if (skipped !== undefined)
      life.push(await view.ask(`${path}/nack`, { json: { tokens: [skipped], action: 'skip' } }))
    if (rest.length > 0) life.push(await view.ask(`${path}/ack`, { json: { tokens: rest } }))
    life.push(await view.ask(path), await view.ask(`${path}/parked`))
    life.push(
      await view.ask(`${path}/parked/replay`, { json: {} }),
      await view.ask(`${path}/parked/discard`, { json: {} }),
    )
    life.push(await view.ask(path), await view.ask(path, { method: 'DELETE' }), await view.ask(path))
    found[`life ${n}`] = life
  }
  for (const [n, { id }] of [...view.some, ...view.someHidden].entries()) {
    const path = `/v1/subscriptions/behind-${n}`
    found[`behind ${n}`] = await view.ask(path, { method: 'PUT', json: { filter: {}, after: id } })
    await view.ask(path, { method: 'DELETE' })
  }
  return found
}

export const askGroups = { list, others, own }
