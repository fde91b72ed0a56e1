// What an operator ends by saying that it is over: the wait for what came back, and the trouble about mended damage.
import { Injectable } from '@nestjs/common'
import { EventStore } from '../contract/event-store.js'
import { ModeTransitions } from '../degradation/mode-transitions.service.js'
import { Signals } from '../signals/signals.js'

@Injectable()
export class OperatorWord {
  constructor(
    private readonly signals: Signals,
    private readonly transitions: ModeTransitions,
    private readonly store: EventStore,
  ) {}

  over(agentId: string): void {
    this.endIntegrity(agentId)
    this.transitions.endWait()
  }

  /** Damage was met, and the store is whole again: somebody has looked by now. What is still damaged goes on. */
  private endIntegrity(agentId: string): void {
    if (this.signals.levelOf('integrity') === 'ok' || !this.store.status().write.writable) return
    this.signals.tell({ cause: 'integrity', level: 'ok', detail: `${agentId} said that it is over`, metrics: {} })
  }
}
