// What the files of k8s/ become: rendered by kustomize and by Helm, as objects in an order that does not depend on either.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { withTempDirectory } from '../support/temp-directory.js'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own, which the schemas of Kubernetes hold.
  readonly spec: any
}

const scripts = new URL('../../scripts/cluster-tools.mjs', import.meta.url).href
const { findClusterTool, findOperatorSchemas, kustomizeCommand } = (await import(scripts)) as {
  findOperatorSchemas: () => string | undefined
  findClusterTool: (name: string) => string | undefined
  kustomizeCommand: () => readonly [string, string] | undefined
}

export const tools = {
  kustomize: kustomizeCommand(),
  helm: findClusterTool('helm'),
  validate: findClusterTool('kubernetes-validate'),
  promtool: findClusterTool('promtool'),
  operator: findOperatorSchemas(),
}

export function kustomized(folder: string): Manifest[] {
  const [program = '', ...args] = tools.kustomize ?? []
  return objectsOf(outputOf(program, [...args, folder]))
}

/** A folder of k8s/ with components of k8s/ beside it. */
export function kustomizedWith(folder: string, ...components: readonly string[]): Promise<Manifest[]> {
  return withTempDirectory(place => {
    const here = (path: string) => relative(place, join('k8s', path))
    const kustomization = { resources: [here(folder)], components: components.map(here) }
    writeFileSync(join(place, 'kustomization.yaml'), JSON.stringify(kustomization))
    return kustomized(place)
  })
}

export function ofChart(...args: readonly string[]): Manifest[] {
  return objectsOf(outputOf(tools.helm ?? '', ['template', 'lighthouse', 'k8s/chart', ...args]))
}

/** What Helm says when it refuses the values; nothing when it takes them. */
export function refusalOfChart(...args: readonly string[]): string {
  const { status, stderr } = run(tools.helm ?? '', ['template', 'lighthouse', 'k8s/chart', ...args])
  return status === 0 ? '' : stderr
}

export function run(program: string, args: readonly string[], input?: string) {
  return spawnSync(program, args, { encoding: 'utf8', ...(input === undefined ? {} : { input }) })
}

function outputOf(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = run(program, args)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout
}

function objectsOf(text: string): Manifest[] {
  const objects = parseAllDocuments(text).flatMap(document => (document.toJS() as Manifest | null) ?? [])
  const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`
  return objects.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
}
