// A compose file as Docker reads it, as far as these ones go: anchors merged, `$$` become `$`, short forms made long.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { commandOf, environmentOf, type Stage, stageOf } from './dockerfile.js'

export interface Service {
  readonly name: string
  /** The stage of docker/Dockerfile it is built from; undefined when it is an image of others. */
  readonly stage: Stage | undefined
  readonly image: string | undefined
  readonly command: readonly string[]
  /** What the image sets, and what the file sets over it. */
  readonly environment: Readonly<Record<string, string>>
  /** What the file alone sets. */
  readonly set: Readonly<Record<string, string>>
  readonly volumes: readonly { readonly source: string; readonly target: string }[]
  readonly ports: readonly { readonly address: string; readonly container: string }[]
  readonly dependsOn: Readonly<Record<string, string>>
}

interface Written {
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string }
  readonly image?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

export interface ComposeFile {
  readonly raw: object
  readonly services: readonly Service[]
  readonly volumes: readonly string[]
  readonly builds: readonly { readonly context: string; readonly dockerfile: string }[]
}

export function readCompose(file: string): ComposeFile {
  const raw = parse(readFileSync(resolve('docker', file), 'utf8'), { merge: true, strict: true }) as {
    readonly services: Readonly<Record<string, Written>>
    readonly volumes?: object
  }
  const written = Object.entries(raw.services)
  return {
    raw,
    services: written.map(([name, service]) => serviceOf(name, service)),
    volumes: Object.keys(raw.volumes ?? {}),
    builds: written.flatMap(([, { build }]) => (build === undefined ? [] : [build])),
  }
}

function serviceOf(name: string, written: Written): Service {
  const stage = written.build === undefined ? undefined : stageOf(written.build.target)
  const set = written.environment ?? {}
  return {
    name,
    stage,
    image: written.image,
    command: written.command?.map(word => word.replaceAll('$$', '$')) ?? (stage === undefined ? [] : commandOf(stage)),
    environment: stage === undefined ? set : { ...environmentOf(stage), ...set },
    set,
    volumes: (written.volumes ?? []).map(text => {
      const [source = '', target = ''] = text.split(':')
      return { source, target }
    }),
    ports: (written.ports ?? []).map(text => {
      const [address = '', , container = ''] = text.split(':')
      return { address, container }
    }),
    dependsOn: Object.fromEntries(
      Object.entries(written.depends_on ?? {}).map(([other, { condition }]) => [other, condition]),
    ),
  }
}
