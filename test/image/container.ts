// Runs what a built image holds as a container engine would: its user, its variables, a root that cannot be written, a volume.
// There is no engine: a mount namespace, a chroot and no new privileges stand for one, and the network is this machine's.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** What an image says of itself. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly Volumes: Readonly<Record<string, object>>
  readonly ExposedPorts: Readonly<Record<string, object>>
  readonly Healthcheck: { readonly Test: readonly string[] }
  readonly Labels: Readonly<Record<string, string>>
}

export interface RunOptions {
  /** The folder that is mounted where the image has its volume. */
  readonly volume: string
  readonly env?: Readonly<Record<string, string>>
  /** Another than that of the image. */
  readonly user?: string
}

const ENTER = `
set -e
root=$1 volume=$2 target=$3 user=$4 directory=$5
shift 5
mount --bind "$root" "$root"
for name in proc dev; do mount --rbind /$name "$root/$name"; done
mount --bind "$volume" "$root$target"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user" "$root" env -i -C "$directory" "$@"
`

export class Container {
  constructor(
    private readonly root: string,
    readonly config: ImageConfig,
  ) {}

  /** Starts a command, which is the process itself: a signal reaches it as it would in a container. */
  start(command: readonly string[], { volume, env = {}, user = this.config.User }: RunOptions): ChildProcess {
    const [target = ''] = Object.keys(this.config.Volumes)
    const variables = [...this.config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
    const place = [this.root, volume, target, user, this.config.WorkingDir]
    const entering = ['--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'enter', ...place]
    return spawn('unshare', [...entering, ...variables, ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** Runs a command to its end; what it said on both outputs, and its exit code. */
  async run(command: readonly string[], options: RunOptions): Promise<{ code: number; out: string; err: string }> {
    const child = this.start(command, options)
    const said = { out: '', err: '' }
    child.stdout?.setEncoding('utf8').on('data', text => (said.out += text))
    child.stderr?.setEncoding('utf8').on('data', text => (said.err += text))
    const [code] = (await once(child, 'close')) as [number]
    return { code, ...said }
  }

  /** Starts the server of the image; resolves with its address once it listens. */
  async serve(options: RunOptions): Promise<Serving> {
    const child = this.start(this.config.Cmd, options)
    const said: string[] = []
    const closed = once(child, 'close')
    child.stderr?.setEncoding('utf8').on('data', text => said.push(text))
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    const port = await new Promise<string>((found, failed) => {
      child.once('close', code => failed(new Error(`the server ended with ${code}:\n${said.join('')}`)))
      lines.on('line', line => {
        said.push(`${line}\n`)
        const address = /"address":"[^"]*:(\d+)".*"message":"listening"/.exec(line)?.[1]
        if (address !== undefined) found(address)
      })
    })
    const end = async () => {
      child.kill('SIGTERM')
      const [code] = (await closed) as [number | null]
      return code
    }
    return { url: `http://127.0.0.1:${port}`, port, end }
  }
}

export interface Serving {
  readonly url: string
  readonly port: string
  /** Asks it to end; resolves with its exit code. */
  readonly end: () => Promise<number | null>
}

/** Bytes on the disk below a folder. */
export function sizeOf(folder: string): number {
  const { stdout } = spawnSync('du', ['--summarize', '--one-file-system', '--block-size=1', folder], {
    encoding: 'utf8',
  })
  return Number(stdout.split('\t')[0])
}
