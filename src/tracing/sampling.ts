// Decides at the beginning of an operation whether its trace is recorded. Pure.

export interface SamplingRules {
  /** Of the traces that begin here, in percent. */
  readonly percent: number
  /** The same while the mode is not NORMAL. */
  readonly percentInTrouble: number
  readonly agents: ReadonlySet<string>
  /** Routes as `POST /v1/events`, and names of spans. */
  readonly operations: ReadonlySet<string>
}

export interface TracedOperation {
  readonly name: string
  readonly agentId: string | undefined
}

/** `parent` says whether the caller records the trace; undefined where the trace begins here. */
export function isSampled(
  { name, agentId }: TracedOperation,
  trace: { readonly id: string; readonly parent: boolean | undefined },
  rules: SamplingRules,
  inTrouble: boolean,
): boolean {
  if (rules.operations.has(name) || (agentId !== undefined && rules.agents.has(agentId))) return true
  if (trace.parent !== undefined) return trace.parent
  return shareOf(trace.id) * 100 < (inTrouble ? rules.percentInTrouble : rules.percent)
}

/** The last seven bytes of a trace id are random, so every server that uses them decides alike. */
function shareOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-13), 16) / 2 ** 52
}
