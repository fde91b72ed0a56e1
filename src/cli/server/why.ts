// `lighthouse why`: what led to an event, and what came of it, as two trees.
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import type { Wish } from './address.js'
import { numberFrom } from './options.js'
import { coloured, printObject } from './print.js'
import { eventNamed } from './reading.js'
import { withServer } from './server.js'

interface Node {
  readonly id: string
  readonly missing: boolean
  readonly position?: number
  readonly stream?: string
  readonly type?: string
  readonly agentId?: string
}

interface Graph {
  readonly events: readonly Node[]
  readonly links: readonly { readonly cause: string; readonly effect: string }[]
  readonly complete: boolean
}

interface WhyWish extends Wish {
  readonly depth?: string
  readonly json?: boolean
}

export async function printWhy(name: string, wish: WhyWish, terminal: Terminal): Promise<number> {
  const depth = numberFrom('depth', wish.depth)?.toString()
  const { id, causes, effects } = await withServer(wish, terminal, async server => {
    const { id } = await eventNamed(server, name)
    const path = `v1/events/${encodeURIComponent(id)}`
    const causes = await server.ask<Graph>(`${path}/causes`, { query: { depth } })
    return { id, causes, effects: await server.ask<Graph>(`${path}/effects`, { query: { depth } }) }
  })
  if (wish.json) {
    await printObject({ id, causes, effects }, terminal)
    return EXIT.clean
  }
  const up = treeOf(causes, id, ({ effect, cause }) => [effect, cause])
  const down = treeOf(effects, id, ({ effect, cause }) => [cause, effect])
  const [own = id] = up.lines(terminal)
  await terminal.out(
    [
      ...section('caused by', up.lines(terminal).slice(1), 'nothing that is stored'),
      coloured(own, 'bold', terminal),
      ...section('led to', down.lines(terminal).slice(1), 'nothing yet'),
    ].join('\n'),
  )
  if (!causes.complete || !effects.complete) terminal.err('There is more; --depth goes further.')
  return EXIT.clean
}

function section(title: string, lines: readonly string[], none: string): string[] {
  return lines.length === 0 ? [`${title}: ${none}`] : [`${title}:`, ...lines]
}

type Turn = (link: Graph['links'][number]) => readonly [from: string, to: string]

function treeOf({ events, links }: Graph, root: string, turn: Turn) {
  const nodes = new Map(events.map(event => [event.id, event]))
  const next = new Map<string, string[]>()
  for (const link of links) {
    const [from, to] = turn(link)
    next.set(from, [...(next.get(from) ?? []), to])
  }
  return { lines: (terminal: Terminal) => linesOf({ nodes, next, terminal, shown: new Set() }, root, 0) }
}

interface Walk {
  readonly nodes: ReadonlyMap<string, Node>
  readonly next: ReadonlyMap<string, readonly string[]>
  readonly terminal: Terminal
  readonly shown: Set<string>
}

/** An event with several effects is shown below each of them, but what is behind it only once. */
function linesOf(walk: Walk, id: string, depth: number): string[] {
  const { nodes, next, terminal, shown } = walk
  const line = `${'  '.repeat(depth)}${nodeLine(nodes.get(id), id, terminal)}`
  const further = next.get(id) ?? []
  if (shown.has(id)) return [further.length === 0 ? line : `${line} (see above)`]
  shown.add(id)
  return [line, ...further.flatMap(other => linesOf(walk, other, depth + 1))]
}

function nodeLine(node: Node | undefined, id: string, terminal: Terminal): string {
  if (node === undefined || node.missing) return `${id} (not stored, or not readable for this token)`
  const { position, type = '', stream = '', agentId = '' } = node
  return [
    coloured(String(position), 'dim', terminal),
    coloured(type, 'cyan', terminal),
    coloured(stream, 'green', terminal),
    coloured(agentId, 'yellow', terminal),
    coloured(id, 'dim', terminal),
  ].join(' ')
}
