// The images of docker/Dockerfile, built by buildah; a stage that several images are made from is built once for all of them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Container } from './container.js'

interface ImageBase {
  readonly findImageBase: () => string | undefined
  readonly buildah: (args: readonly string[], how?: { readonly shown: boolean }) => { ok: boolean; text: string }
}

const script = new URL('../../scripts/image-base.mjs', import.meta.url).href
const { buildah, findImageBase } = (await import(script)) as ImageBase

/** undefined on a machine that has no buildah, or may not use it. */
export const imageBase = findImageBase()

const tagOf = (stage: string) => `lighthouse-under-test-${stage}`
const HOW = ['--pull-never', '--isolation', 'chroot', '--format', 'docker', '--file', 'docker/Dockerfile']

function must(args: readonly string[]): string {
  const { ok, text } = buildah(args)
  if (!ok) throw new Error(`buildah ${args[0]} failed`)
  return text
}

export class BuiltImages {
  private readonly stages: string[] = []
  private readonly containers: string[] = []
  private readonly settings: readonly string[]

  constructor(directory: string) {
    this.settings = builtWith(directory)
  }

  /** `from` are stages that have been built: they are taken as they are and not built again. */
  build(stage: string, ...from: readonly string[]): void {
    const taken = from.flatMap(name => ['--build-context', `${name}=container-image://localhost/${tagOf(name)}`])
    const args = ['bud', ...HOW, ...this.settings, ...taken, '--target', stage, '--tag', tagOf(stage), '.']
    const { ok } = buildah(args, { shown: true })
    if (!ok) throw new Error(`${stage} of docker/Dockerfile cannot be built: buildah says above why`)
    this.stages.push(stage)
  }

  rootOf(stage: string): string {
    return this.mounted(tagOf(stage))
  }

  baseRoot(): string {
    return this.mounted(imageBase as string)
  }

  containerOf(stage: string, root: string = this.rootOf(stage)): Container {
    return new Container(root, JSON.parse(must(['inspect', '--type', 'image', tagOf(stage)])).Docker.config)
  }

  /** A copy of everything per build would fill the disk of whoever runs this often; the base stays. */
  remove(): void {
    for (const name of this.containers) must(['rm', name])
    for (const stage of this.stages.toReversed()) must(['rmi', tagOf(stage)])
    must(['rmi', '--prune'])
  }

  private mounted(image: string): string {
    const name = must(['from', '--pull-never', image])
    this.containers.push(name)
    return must(['mount', name])
  }
}

/** As whoever builds behind a registry or a proxy of their own does: the settings of npm as a secret, their roots mounted. */
function builtWith(folder: string): string[] {
  const npmrc = join(folder, 'npmrc')
  const own = join(homedir(), '.npmrc')
  const { NODE_EXTRA_CA_CERTS: roots } = process.env
  const settings = [existsSync(own) ? readFileSync(own, 'utf8') : '', roots === undefined ? '' : `cafile=${roots}`]
  writeFileSync(npmrc, `${settings.join('\n')}\n`, { mode: 0o600 })
  return ['--secret', `id=npmrc,src=${npmrc}`, ...(roots === undefined ? [] : ['--volume', `${roots}:${roots}:ro`])]
}
