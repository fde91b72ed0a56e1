// Ends the process for the causes that only a new start can mend, each with its documented code.
import type { Cause, Signals } from '../signals/signals.js'
import type { ExitCode } from './exit-codes.js'
import { mayEnd } from './exit-notes.js'
import { recoveryOfCause } from './recovery-action.js'

export interface FatalSurroundings {
  readonly directory: string
  /** Elsewhere a failed disk leaves the server up and read-only, so that a developer can look. */
  readonly production: boolean
  readonly nowMs: () => number
  /** Never returns in a server. */
  end(code: ExitCode, why: string): void
}

/**
 * Another owner of the directory ends the process at once: nothing that it says of the store is true any more. A failed
 * disk ends it in production, at most once in ten minutes; after that it stays up and serves reads.
 */
export class FatalCauses {
  private isNoting = false

  constructor(
    private readonly signals: Signals,
    private readonly around: FatalSurroundings,
  ) {
    signals.listen(() => this.look())
    this.look()
  }

  private look(): void {
    if (this.isCritical('lost_ownership')) this.end('lost_ownership')
    else if (this.around.production && this.isCritical('storage_failed')) void this.endOnce('storage_failed')
  }

  private async endOnce(cause: Cause): Promise<void> {
    // A process whose write hangs cannot end: the kernel waits for the write. When it comes back this is asked again.
    if (this.isNoting || this.isCritical('storage_hung')) return
    this.isNoting = true
    const { directory, nowMs } = this.around
    if (await mayEnd(directory, cause, nowMs())) this.end(cause)
  }

  private end(cause: Cause): void {
    const { exitCode } = recoveryOfCause(cause)
    const detail = this.signals.active.find(signal => signal.cause === cause)?.detail ?? ''
    if (exitCode !== undefined) this.around.end(exitCode, `${cause}: ${detail}`)
  }

  private isCritical(cause: Cause): boolean {
    return this.signals.levelOf(cause) === 'critical'
  }
}
