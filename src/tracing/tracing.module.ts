// Provides the traces of the service; OpenTelemetry is loaded only where the settings name a collector.
import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { productVersion } from '../config/version.js'
import type { SpanOutlet } from './span.js'
import { Tracing } from './tracing.js'

/** A collector that is away fails every batch; one line in this time is enough. */
const TELL_EVERY_MS = 60_000

async function openTracing(settings: Settings): Promise<Tracing> {
  const rules = {
    percent: settings.tracesPercent,
    percentInTrouble: settings.tracesPercentInTrouble,
    agents: new Set(settings.tracesAgents),
    operations: new Set(settings.tracesOperations),
  }
  return new Tracing(rules, settings.tracesUrl === '' ? undefined : await outletFor(settings))
}

async function outletFor({ tracesUrl: url, tracesHeaders: headers, nodeId }: Settings): Promise<SpanOutlet> {
  const { openOtlp } = await import('./otlp-outlet.js')
  const logger = new Logger('tracing')
  let told = Number.NEGATIVE_INFINITY
  const onFailure = (spans: number, reason: string) => {
    if (performance.now() - told < TELL_EVERY_MS) return
    told = performance.now()
    logger.warn({ spans, reason, message: 'spans could not be sent to the collector' })
  }
  return openOtlp({ url, headers, nodeId, version: productVersion(), onFailure })
}

@Module({
  providers: [{ provide: Tracing, useFactory: openTracing, inject: [Settings] }],
  exports: [Tracing],
})
export class TracingModule implements OnApplicationShutdown {
  constructor(private readonly tracing: Tracing) {}

  onApplicationShutdown(): Promise<void> {
    return this.tracing.close()
  }
}
