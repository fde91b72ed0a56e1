// The metrics of this server; a second server in the same process has its own.
import { type FactoryProvider, Module, type Provider } from '@nestjs/common'
import { getToken, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus'
import { DurationHistogram } from './duration-histogram.js'
import { type Measured, Metrics } from './metrics.js'

/** In seconds, from the sync of a good disk up to that of a disk in trouble. */
const APPEND_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const READ_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30]
/** In events. */
const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000]
const HTTP_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]

/** The package would register metrics for the whole process, but each application must have a registry of its own. */
const described = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) => ({
  name: `lighthouse_${name}`,
  help,
  labelNames: [...labelNames],
  registers: [],
})

const durations = <L extends string>(
  name: string,
  help: string,
  bounds: readonly number[],
  labelNames: readonly L[] = [],
): Provider => ({
  provide: getToken(`lighthouse_${name}`),
  useFactory: () => new DurationHistogram({ name: `lighthouse_${name}`, help, labelNames, bounds }),
})

const providers: Readonly<Record<keyof Measured, Provider>> = {
  eventsAppended: makeCounterProvider(described('events_appended_total', 'Events stored.', ['agent_id', 'event_type'])),
  appendDuration: durations('append_duration_seconds', 'From asking for an append to its answer.', APPEND_BUCKETS),
  syncDuration: durations(
    'sync_duration_seconds',
    'From writing a batch of appends to its being durable.',
    APPEND_BUCKETS,
  ),
  appendsFailed: makeCounterProvider(
    described('appends_failed_total', 'Appends that were not stored, by code.', ['code']),
  ),
  scrubs: makeCounterProvider(
    described('scrubs_total', 'Passes of the background check over all sealed segments, by what they found.', [
      'result',
    ]),
  ),
  lastGoodScrub: makeGaugeProvider(
    described(
      'last_good_scrub_timestamp_seconds',
      'When a pass of the background check last ended without damage; 0 before the first.',
    ),
  ),
  segmentsRestored: makeCounterProvider(
    described('segments_restored_total', 'Damaged segments that were put back from the backup while the server ran.'),
  ),
  archivesRemoved: makeCounterProvider(
    described('archives_removed_total', 'Archives that were removed to make room, because the backup has them.'),
  ),
  eventsRead: makeCounterProvider(described('events_read_total', 'Events handed to readers.')),
  readDuration: durations('read_duration_seconds', 'From the start of a read to its end.', READ_BUCKETS),
  httpDuration: durations('http_request_duration_seconds', 'From a request to the end of its answer.', HTTP_BUCKETS, [
    'method',
    'route',
    'status',
  ]),
  frameDuration: durations(
    'websocket_frame_duration_seconds',
    'From a frame of a client to its answer, by what came of it.',
    HTTP_BUCKETS,
    ['type', 'outcome'],
  ),
  batchEvents: durations('append_batch_events', 'Events that became durable by one sync.', BATCH_BUCKETS),
}

function metricsOf(...made: readonly unknown[]): Metrics {
  const entries = Object.keys(providers).map((field, at) => [field, made[at]])
  return new Metrics(Object.fromEntries(entries))
}

@Module({
  providers: [
    ...Object.values(providers),
    {
      provide: Metrics,
      useFactory: metricsOf,
      inject: Object.values(providers).map(provider => (provider as FactoryProvider).provide),
    },
  ],
  exports: [Metrics],
})
export class MetricsModule {}
