// Asks an address while the server is alive, so that somebody outside notices when it is not.
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common'
import { Settings } from '../config/settings.js'

const PATIENCE_MS = 10_000

@Injectable()
export class Heartbeat implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('alerting')
  private readonly stopped = new AbortController()
  private timer: NodeJS.Timeout | undefined
  private isFailing = false

  constructor(private readonly settings: Settings) {}

  onApplicationBootstrap(): void {
    const { heartbeatUrl, heartbeatSeconds } = this.settings.alerting
    if (heartbeatUrl === '') return
    void this.beat(heartbeatUrl)
    this.timer = setInterval(() => void this.beat(heartbeatUrl), heartbeatSeconds * 1_000).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
    this.stopped.abort()
  }

  /** Never rejects, and logs the first failure of several. Who watches from outside finds out by itself. */
  private async beat(url: string): Promise<void> {
    const signal = AbortSignal.any([this.stopped.signal, AbortSignal.timeout(PATIENCE_MS)])
    const isTaken = await fetch(url, { signal }).then(
      async answer => {
        await answer.body?.cancel()
        return answer.ok
      },
      () => false,
    )
    if (!isTaken && !this.isFailing && !this.stopped.signal.aborted)
      this.logger.warn({ message: 'the heartbeat was not taken' })
    this.isFailing = !isTaken
  }
}
