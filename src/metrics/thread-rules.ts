// What each metric is when several threads have it: the writer's alone, the sum of all threads, or one series of each. Pure.

export type ThreadRule = 'writer' | 'sum' | 'each'

/** What has no rule here is counted or timed where it happens, and summed. A gauge must have one: a test says so. */
const RULES: Readonly<Record<ThreadRule, readonly string[]>> = {
  writer: [
    // Only the writer owns the files, the service streams and the judgement.
    ...['config_info', 'component_up', 'head_position', 'first_position', 'writable', 'damaged_ranges', 'log_bytes'],
    ...['append_queue_length', 'append_queue_bytes', 'last_good_scrub_timestamp_seconds', 'disk_usage_bytes'],
    ...['storage_used_ratio', 'storage_growth_bytes_per_day', 'storage_full_in_days', 'storage_permission_faults'],
    ...['mode', 'signal', 'alerts', 'snapshots', 'snapshot_bytes'],
    ...['lag', 'in_flight', 'retrying', 'parked', 'stalled'].map(figure => `subscription_${figure}`),
    ...['sli_events_total', 'sli_good_events_total', 'slo_target_ratio', 'slo_breached'],
    ...['error_budget_remaining_ratio', 'error_budget_burn_rate'],
    // Its monitors hear every front thread, and know the quantiles and the worst of all.
    ...['append', 'query', 'sync', 'delivery'].map(work => `${work}_latency_seconds`),
    ...['event_loop_wait_seconds', 'memory_used_bytes', 'memory_limit_bytes', 'memory_growth_per_hour'],
    // Front threads hand over what they count by names, so that few names are told of all threads together.
    ...['events_appended_total', 'business_events_total'],
    // Of the process, whichever of its threads asks the kernel.
    ...[
      'disk_read_bytes_total',
      'disk_written_bytes_total',
      'network_received_bytes_total',
      'network_sent_bytes_total',
    ],
  ].map(own),
  sum: ['active_connections', 'websocket_connections', 'subscriptions_open'].map(own),
  // A thread may have missed the new certificate.
  each: ['tls_certificate_expiration_timestamp_seconds'].map(own),
}

function own(name: string): string {
  return `lighthouse_${name}`
}

const OF_PROCESS = 'process_'
/** An event loop and a heap are of one thread. */
const OF_NODE = 'nodejs_'
const RULE_OF_NODE: Readonly<Record<string, ThreadRule>> = {
  nodejs_version_info: 'writer',
  nodejs_gc_duration_seconds: 'sum',
}

const BY_NAME: ReadonlyMap<string, ThreadRule> = new Map(
  Object.entries(RULES).flatMap(([rule, names]) => names.map(name => [name, rule as ThreadRule])),
)

/** The names that have a rule of their own. */
export const RULED: readonly string[] = [...BY_NAME.keys(), ...Object.keys(RULE_OF_NODE)]

/** Undefined where there is none, which is a sum. */
export function ruleOf(name: string): ThreadRule | undefined {
  if (name.startsWith(OF_PROCESS)) return 'writer'
  if (name.startsWith(OF_NODE)) return RULE_OF_NODE[name] ?? 'each'
  return BY_NAME.get(name)
}
