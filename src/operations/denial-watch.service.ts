// Looks every five seconds whether so many requests are denied that somebody should know.
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common'
import { Denials } from '../auth/denials.js'
import { Settings } from '../config/settings.js'
import { Signals } from '../signals/signals.js'
import { BURST_SLICE_MS, DenialBurst } from './denial-burst.js'

@Injectable()
export class DenialWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly burst: DenialBurst
  private timer: NodeJS.Timeout | undefined

  constructor({ counts }: Denials, signals: Signals, { alerting }: Settings) {
    this.burst = new DenialBurst(counts, signals, alerting.deniedPerMinute)
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.burst.look(), BURST_SLICE_MS).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
  }
}
