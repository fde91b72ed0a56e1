// Runs what a built image holds as a container engine would: its user, its variables, a root that cannot be written, mounts.
// There is no engine: a mount namespace, a chroot and no new privileges stand for one, and the network is this machine's.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** What an image says of itself. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly Volumes?: Readonly<Record<string, object>>
  readonly ExposedPorts: Readonly<Record<string, object>>
  readonly Healthcheck: { readonly Test: readonly string[] }
  readonly Labels: Readonly<Record<string, string>>
}

export interface Mount {
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

export interface RunOptions {
  /** The folder that is mounted where the image has its volume. */
  readonly volume?: string
  readonly mounts?: readonly Mount[]
  /** Whether the root may be written to, which it may not unless this is said. */
  readonly writable?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Another than that of the image. */
  readonly user?: string
}

const ENTER = `
set -e
root=$1 user=$2 directory=$3 mode=$4
shift 4
mount --bind "$root" "$root"
for name in proc dev; do mount --rbind /$name "$root/$name"; done
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  mount -o remount,bind,"$3" "$root$2"
  shift 3
done
shift
mount -o remount,bind,"$mode" "$root"
exec setpriv --no-new-privs chroot --userspec="$user" "$root" env -i -C "$directory" "$@"
`

export class Container {
  constructor(
    private readonly root: string,
    readonly config: ImageConfig,
  ) {}

  /** Starts a command, which is the process itself: a signal reaches it as it would in a container. */
  start(
    command: readonly string[],
    { volume, mounts = [], writable = false, env = {}, user = this.config.User }: RunOptions,
  ): ChildProcessByStdio<null, Readable, Readable> {
    const variables = [...this.config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
    const [target = ''] = Object.keys(this.config.Volumes ?? {})
    const own = volume === undefined ? [] : [{ source: volume, target, readOnly: false }]
    const mounted = [...own, ...mounts].flatMap(one => [one.source, one.target, one.readOnly ? 'ro' : 'rw'])
    const place = [this.root, user, this.config.WorkingDir, writable ? 'rw' : 'ro', ...mounted, '--']
    const entering = ['--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'enter', ...place]
    return spawn('unshare', [...entering, ...variables, ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** Runs a command to its end; what it said on both outputs, and its exit code. */
  async run(command: readonly string[], options: RunOptions): Promise<{ code: number; out: string; err: string }> {
    const child = this.start(command, options)
    const said = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', text => (said.out += text))
    child.stderr.setEncoding('utf8').on('data', text => (said.err += text))
    const [code] = (await once(child, 'close')) as [number]
    return { code, ...said }
  }

  /** Starts the server of the image; resolves with its address once it listens. */
  async serve(options: RunOptions): Promise<Serving> {
    const { found, end } = await this.telling(
      /"address":"[^"]*:(\d+)".*"message":"listening"/,
      this.start(this.config.Cmd, options),
    )
    const [, port = ''] = found
    return { url: `http://127.0.0.1:${port}`, port, end }
  }

  /** Waits for a line of what was started, and has it end by SIGTERM, with its exit code. */
  async telling(pattern: RegExp, child: ReturnType<Container['start']>): Promise<Telling> {
    const said: string[] = []
    const closed = once(child, 'close')
    child.stderr.setEncoding('utf8').on('data', text => said.push(text))
    const lines = createInterface({ input: child.stdout })
    const found = await new Promise<RegExpExecArray>((resolve, reject) => {
      child.once('close', code => reject(new Error(`it ended with ${code}:\n${said.join('')}`)))
      lines.on('line', line => {
        said.push(`${line}\n`)
        const match = pattern.exec(line)
        if (match !== null) resolve(match)
      })
    })
    const end = async () => {
      child.kill('SIGTERM')
      const [code] = (await closed) as [number | null]
      return code
    }
    return { found, end }
  }
}

export interface Telling {
  readonly found: RegExpExecArray
  readonly end: () => Promise<number | null>
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
