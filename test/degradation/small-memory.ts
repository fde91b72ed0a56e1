// A memory limit as a container has it: a cgroup of its own, which the process sees at the root of the tree.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../support/until.js'

const TREES = [
  {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    inactive: 'total_inactive_file',
  },
  { root: '/sys/fs/cgroup', limit: 'memory.max', used: 'memory.current', inactive: 'inactive_file' },
] as const

export class SmallMemory {
  private constructor(
    private readonly path: string,
    private readonly tree: (typeof TREES)[number],
  ) {}

  /** The cgroup, or why there can be none. */
  static make(): SmallMemory | string {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root of a Linux makes a cgroup'
    for (const tree of TREES) {
      if (!existsSync(join(tree.root, 'cgroup.procs'))) continue
      const path = join(tree.root, `lighthouse-test-${process.pid}`)
      try {
        mkdirSync(path)
        const memory = new SmallMemory(path, tree)
        if (existsSync(join(path, tree.limit))) return memory
        rmdirSync(path)
      } catch (error) {
        return `no cgroup can be made: ${(error as Error).message}`
      }
    }
    return 'no cgroup of memory is here'
  }

  /** Runs a command in the cgroup and in a mount namespace where the cgroup is the root, as containers do. */
  get through(): readonly string[] {
    const inside = `mount --bind ${this.path} ${this.tree.root} && exec "$@"`
    return ['sh', '-c', `echo $$ > ${this.path}/cgroup.procs && exec unshare -m sh -c '${inside}' sh "$@"`, 'sh']
  }

  /** What is in use without the pages of files that the kernel would take back first. */
  get usedBytes(): number {
    const stat = readFileSync(join(this.path, 'memory.stat'), 'utf8')
    const inactive = new RegExp(`^${this.tree.inactive} (\\d+)$`, 'm').exec(stat)?.[1] ?? '0'
    return Number(readFileSync(join(this.path, this.tree.used), 'utf8')) - Number(inactive)
  }

  limitTo(bytes: number): void {
    writeFileSync(join(this.path, this.tree.limit), String(bytes))
  }

  /** A neighbour in the same container, which takes so much for itself until it is ended. */
  async neighbour(bytes: number): Promise<() => Promise<void>> {
    const take = `const taken = Buffer.alloc(${bytes}, 1); setInterval(() => taken.length, 1e6); console.log('taken')`
    const child = spawn('sh', [
      '-c',
      `echo $$ > ${this.path}/cgroup.procs && exec "$@"`,
      'sh',
      process.execPath,
      '-e',
      take,
    ])
    await once(child.stdout, 'data')
    return async () => {
      const over = once(child, 'close')
      child.kill('SIGKILL')
      await over
    }
  }

  async remove(): Promise<void> {
    await until(() => readFileSync(join(this.path, 'cgroup.procs'), 'utf8') === '')
    rmdirSync(this.path)
  }
}
