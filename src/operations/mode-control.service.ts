// Answers which mode the service is in, and passes on what an operator says of it.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { ENDED_BY, type Mode, SHARES } from '../degradation/next-mode.js'
import { Metrics } from '../metrics/metrics.js'
import { CAUSES, type Cause, type SignalLevel, Signals } from '../signals/signals.js'
import { mitigationsOf } from './degradation-events.js'
import type { ModeAnswerDto, ModeDto } from './mode.dto.js'
import { OperatorWord } from './operator-word.service.js'

const MODES: readonly Mode[] = ['NORMAL', 'WARNING', 'EMERGENCY', 'RECOVERING']
const HEIGHTS: readonly SignalLevel[] = ['ok', 'warning', 'critical']
const LEVEL_OF = { NORMAL: 'ok', WARNING: 'warning', EMERGENCY: 'critical' } as const

@Injectable()
export class ModeControl {
  constructor(
    private readonly mode: ModeHolder,
    private readonly signals: Signals,
    private readonly word: OperatorWord,
    metrics: Metrics,
  ) {
    metrics.gauges({ mode: '1 for the mode the service is in, 0 for the others.' }, 'mode', async () => {
      return new Map(MODES.map(one => [one, { mode: Number(one === mode.current) }]))
    })
    metrics.gauges(
      { signal: '0 while the cause is well, 1 for a warning, 2 when it is critical.' },
      'cause',
      async () => {
        const all = Object.keys(CAUSES) as Cause[]
        return new Map(all.map(cause => [cause, { signal: HEIGHTS.indexOf(signals.levelOf(cause)) }]))
      },
    )
  }

  answer(): ModeAnswerDto {
    const { mode, sinceMs, cause, share } = this.mode.state
    const { active } = this.signals
    const told = active.find(signal => signal.cause === cause)
    return {
      mode,
      since: new Date(sinceMs).toISOString(),
      ...(cause === undefined ? {} : { cause, recovery: ENDED_BY[cause] }),
      ...(told === undefined ? {} : { reason: told.detail }),
      metrics: Object.assign({}, ...active.map(({ metrics }) => metrics)) as object,
      mitigations: mitigationsOf(mode, this.mode.pressure),
      admitted: mode === 'EMERGENCY' ? 0 : mode === 'RECOVERING' ? (SHARES[share] ?? 1) : 1,
    }
  }

  force({ mode, reason }: ModeDto, { agentId }: Access): ModeAnswerDto {
    const detail = mode === 'NORMAL' ? 'it was released' : `${agentId} forced it: ${reason}`
    this.signals.tell({ cause: 'manual', level: LEVEL_OF[mode], detail, metrics: {} })
    if (mode === 'NORMAL') this.word.over(agentId)
    return this.answer()
  }
}
