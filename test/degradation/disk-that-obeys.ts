// The disk as a server meets it, made slow or failing while it runs: a library that stands before the C library.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** As the kernel numbers it. */
const EIO = 5

export class DiskThatObeys {
  private constructor(
    private readonly control: string,
    /** For the environment of the server. */
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Undefined where there is no compiler, or no Linux. */
  static build(place: string, directory: string): DiskThatObeys | undefined {
    if (process.platform !== 'linux') return undefined
    const library = join(place, 'slow-disk.so')
    const source = join(import.meta.dirname, 'slow-disk.c')
    const built = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'ignore' })
    if (built.status !== 0) return undefined
    const control = join(place, 'slow-disk')
    writeFileSync(control, '')
    return new DiskThatObeys(control, {
      LD_PRELOAD: library,
      SLOW_DISK_DIRECTORY: directory,
      SLOW_DISK_CONTROL: control,
    })
  }

  /** Each write and each sync takes so much longer. */
  slowDown(ms: number): void {
    writeFileSync(this.control, `delay ${ms}`)
  }

  fail(): void {
    writeFileSync(this.control, `error ${EIO}`)
  }

  recover(): void {
    writeFileSync(this.control, '')
  }
}
