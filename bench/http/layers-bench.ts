// What each layer costs a request: a CPU profile of the server under load, its samples summed by where the code lies.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeEvents } from '../engine/workload.js'
import type { HttpBench } from './bench.js'
import { type Load, load } from './load.js'
import { startLighthouse } from './servers.js'

/** The first that fits, by the path of the file the time was spent in. */
const LAYERS: readonly (readonly [layer: string, pattern: RegExp])[] = [
  ['auth: token, scope, quota', /dist\/auth\//],
  ['wire: bodies, shapes, answers', /dist\/wire\//],
  ['events, indexing: controllers', /dist\/(events|indexing)\//],
  ['store: index', /dist\/backends\/embedded\/engine\/index\//],
  ['store: check, decide, encode, read', /dist\/(backends|contract)\//],
  ['metrics', /dist\/(metrics|storage)\/|prom-client/],
  ['logging', /dist\/logging\/|\/pino|thread-stream|sonic-boom/],
  ['Nest', /@nestjs|rxjs/],
  ['Fastify', /fastify|find-my-way/],
  ['server hooks', /dist\/http-server/],
  ['Node: http, streams, crypto', /^node:|^$/],
]

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export async function layersBench({ report, authorization, seconds, directory }: HttpBench): Promise<void> {
  const headers = { authorization, 'content-type': 'application/json' }
  const bodies = makeEvents({ count: 1_000 }).map(event => JSON.stringify(event))
  const shapes: Record<string, Omit<Load, 'url' | 'seconds'> & { path: string }> = {
    'one append, 64 connections': { path: '/v1/events', method: 'POST', headers, bodies, connections: 64 },
    'a read of one event, 8 connections': { path: '/v1/events?limit=1', headers, connections: 8 },
    'a read of 100 events, 8 connections': { path: '/v1/events?limit=100', headers, connections: 8 },
  }
  for (const [what, { path, ...shape }] of Object.entries(shapes)) {
    const profiles = mkdtempSync(join(directory, 'profile-'))
    const nodeArgs = ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    const server = await startLighthouse({ directory, port: 18_768, nodeArgs })
    await load({ url: `${server.url}/v1/events`, method: 'POST', headers, bodies, connections: 16, seconds: 1 })
    const { perSecond } = await load({ ...shape, url: server.url + path, seconds: seconds * 4 })
    await server.stop()
    const [file = ''] = readdirSync(profiles)
    const profile = JSON.parse(readFileSync(join(profiles, file), 'utf8')) as Profile
    rmSync(profiles, { recursive: true })
    report.heading(`${what}: µs of CPU of each layer, of ${Math.round(perSecond)} requests/s under the profiler`)
    const requests = perSecond * seconds * 4
    for (const [layer, micros] of byLayer(profile)) {
      report.add({ group: `layers: ${what}`, what: layer, unit: 'µs', store: [micros / requests] })
    }
  }
}

function byLayer({ nodes, samples, timeDeltas }: Profile): [string, number][] {
  const layerOf = new Map(nodes.map(({ id, callFrame }) => [id, layerOfFrame(callFrame)]))
  const sums = new Map<string, number>()
  for (const [at, id] of samples.entries()) {
    const layer = layerOf.get(id)
    if (layer !== undefined) sums.set(layer, (sums.get(layer) ?? 0) + (timeDeltas[at] ?? 0))
  }
  return [...sums].sort(([, one], [, other]) => other - one)
}

function layerOfFrame({ functionName, url }: Profile['nodes'][number]['callFrame']): string | undefined {
  if (functionName === '(idle)' || functionName === '(root)') return undefined
  if (functionName === '(garbage collector)') return 'garbage collection'
  // System calls, and waiting that the profiler does not tell apart from them.
  if (functionName === '(program)') return 'native, waiting included'
  return LAYERS.find(([, pattern]) => pattern.test(url))?.[0] ?? 'other packages'
}
